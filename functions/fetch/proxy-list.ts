import { RequestError } from '../job/errors.ts';
import { parseProxies, ProxyRotation } from './proxies.ts';

/** A text that is kept safe elsewhere. */
export interface ProxySecret {
  /** For messages. */
  readonly id: string;
  readonly read: () => Promise<string>;
}

export interface ProxyListOptions {
  /** Proxies to go through in turn, see {@link parseProxies}. */
  readonly proxies?: string | readonly string[] | undefined;
  /** Where more of them are kept: a list as above, or JSON (`["…"]`, `{"proxies": ["…"]}`). */
  readonly proxySecret?: ProxySecret | undefined;
  readonly now: () => number;
}

/** A secret is read again after this, ms: passwords are changed, and functions live for hours. */
const REREAD_MS = 600_000;
/** After a failure, sooner. */
const REREAD_FAILED_MS = 15_000;

/** The operator's proxies, as far as they are known: those of a secret are read when the first fetch wants one. */
export class ProxyList {
  readonly #options: ProxyListOptions;
  readonly #rotation: ProxyRotation;
  #reading: Promise<void> | undefined;
  #nextReadMs = 0;
  #failure: RequestError | undefined;

  /** @throws {UsageError} code `bad-option`, see {@link parseProxies}. */
  constructor(options: ProxyListOptions) {
    this.#options = options;
    this.#rotation = new ProxyRotation(parseProxies(options.proxies ?? []));
  }

  /** The rotation, at once where there is nothing to wait for. @throws {RequestError} code `proxy`: never straight instead of by proxy. */
  rotation(): ProxyRotation | Promise<ProxyRotation> {
    const { proxySecret, now } = this.#options;
    if (!proxySecret) return this.#rotation;
    if (!this.#reading && now() >= this.#nextReadMs) {
      this.#reading = this.#read(proxySecret).finally(() => (this.#reading = undefined));
    }
    // What is known goes on being used while it is read again, and if that fails.
    if (!this.#rotation.isEmpty) return this.#rotation;
    return this.#firstRead();
  }

  /** See {@link ProxyRotation.takeCounts}. */
  takeCounts(): ReturnType<ProxyRotation['takeCounts']> {
    return this.#rotation.takeCounts();
  }

  async #firstRead(): Promise<ProxyRotation> {
    await this.#reading;
    if (this.#rotation.isEmpty) throw this.#failure ?? new RequestError('proxy', 'There is no proxy to go through.');
    return this.#rotation;
  }

  async #read({ id, read }: ProxySecret): Promise<void> {
    const { proxies = [], now } = this.#options;
    try {
      const all = [...parseProxies(proxies), ...parseProxies(listIn(await read()))];
      if (all.length === 0) throw new Error('it holds no proxy');
      this.#rotation.replace(all);
      this.#nextReadMs = now() + REREAD_MS;
    } catch (error) {
      this.#nextReadMs = now() + REREAD_FAILED_MS;
      this.#failure = new RequestError('proxy', `The proxies in the secret ${id} could not be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** The list in a secret's text; what is no JSON is the list itself. */
function listIn(text: string): string | readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === 'object' && value !== null && 'proxies' in value) ({ proxies: value } = value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String);
  throw new Error('it is JSON of another form than ["http://…"] or {"proxies": ["http://…"]}');
}
