import type { Dispatcher } from 'undici';
import type { Writable } from 'node:stream';
import type { BodyBudget, BodyHolder } from './body-budget.ts';
import type { Connection, ConnectionAware } from './connections.ts';

/** What to do with the body once the headers are known. */
export type BodyPlan =
  | { readonly kind: 'read'; readonly maxBytes: number; readonly tooLarge: (seen: string) => Error; readonly check?: BodyCheck }
  /** A file: handed on as it comes, no faster than the sink takes it. */
  | { readonly kind: 'stream'; readonly maxBytes: number; readonly tooLarge: (seen: string) => Error; readonly sink: Writable }
  /** Not wanted: read to its end if that is near, so that the connection can be used again, else cut off. */
  | { readonly kind: 'skip' };

/**
 * Looks at what has come so far, each time that its length has doubled.
 *
 * @param leftBytes - how many are still to come; where nobody knows, as many as have come.
 * @returns whether they are to be left.
 * @throws what stops the exchange.
 */
export type BodyCheck = (received: () => Buffer, leftBytes: number) => boolean;

/** One request and its answer, as they went over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a skipped body. */
  readonly body: Buffer;
  /** No other answer has bytes in the memory of this body. */
  readonly isOwn: boolean;
  readonly wireBytes: number;
  /** The body is a beginning: the rest was not wanted. */
  readonly isLeft: boolean;
  readonly connection: Connection | undefined;
  /** `performance.now()` when the headers were there. */
  readonly headersAt: number;
}

/** Whom an exchange is for. An object and not a set of functions: thousands of exchanges are under way at a time. */
export interface ExchangeOwner {
  readonly maxHeaders: number;
  readonly budget: BodyBudget;
  plan(status: number, headers: Readonly<Record<string, string>>): BodyPlan;
  tooManyHeaders(count: number): Error;
  sent(): void;
}

/** An unwanted body up to this size costs less than a new connection. */
const SKIP_BYTES = 65_536;
/**
 * Answers left on one connection of HTTP/2. Servers count the streams that a client resets, and part with whom they take for an attacker
 * (CVE-2023-44487): Envoy after 500, Node after 1,000. Node's also counts what it has not sent against the connection's memory for good.
 */
const MAX_LEFT = 100;
/** First length at which a body check runs. */
const FIRST_CHECK_BYTES = 65_536;
/** What every exchange begins with. */
const NONE: Readonly<Record<string, string>> = {};
const SKIP: BodyPlan = { kind: 'skip' };

/**
 * One exchange at undici's dispatch level: collects the answer within its limits and settles exactly once.
 * Whatever happens, the body is read to its end or its stream is aborted, so no connection is left hanging.
 */
export class Exchange implements Dispatcher.DispatchHandler, ConnectionAware, BodyHolder {
  client: ConnectionAware['client'];
  readonly answer: Promise<Answer>;
  /** What has been reached: for the message of a timeout. */
  phase: 'connecting' | 'waiting for headers' | 'reading the body' = 'connecting';
  wireBytes = 0;
  /** Headers of the final answer have come: the request is not one that may be sent again unseen. */
  answered = false;

  readonly #owner: ExchangeOwner;
  readonly #isHead: boolean;
  #chunks: Buffer[] | undefined;
  /** Where the length is known: the body's own memory, so that no chunk is kept and none is joined. */
  #whole: Buffer | undefined;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: Error) => void;
  #settled = false;
  #reason: Error | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #connection: Connection | undefined;
  #status = 0;
  #headers: Readonly<Record<string, string>> = NONE;
  #headersAt = 0;
  #plan: BodyPlan = SKIP;
  #nextCheck = FIRST_CHECK_BYTES;
  #declared = 0;

  /** @param isHead - the answer to HEAD tells a length and has no body. */
  constructor(owner: ExchangeOwner, isHead: boolean) {
    this.#owner = owner;
    this.#isHead = isHead;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The connection that the request went out on. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Ends the exchange with an error, at whatever point it is. */
  fail(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reason = error;
    this.#release();
    if (this.#plan.kind === 'stream') this.#plan.sink.destroy(error);
    this.#reject(error);
    // While connecting there is no controller yet: onRequestStart aborts.
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reason) {
      controller.abort(this.#reason);
      return;
    }
    this.phase = 'waiting for headers';
    this.#connection = this.client?.connection;
    if (this.#connection) this.#connection.uses++;
    this.#owner.sent();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, raw: Record<string, string | string[] | undefined>): void {
    // 103 Early Hints and the like: the answer is still to come.
    if (status < 200 || this.#settled) return;
    this.phase = 'reading the body';
    this.answered = true;
    this.#headersAt = performance.now();
    this.#status = status;
    const names = Object.keys(raw);
    let count = 0;
    const headers: Record<string, string> = {};
    for (const name of names) {
      const value = raw[name];
      if (value === undefined) continue;
      if (typeof value === 'string') {
        count++;
        headers[name] = value;
      } else {
        count += value.length;
        headers[name] = value.join(name === 'set-cookie' ? '\n' : ', ');
      }
    }
    if (count > this.#owner.maxHeaders) {
      this.fail(this.#owner.tooManyHeaders(count));
      return;
    }
    this.#headers = headers;
    this.#declared = this.#isHead ? 0 : Number(headers['content-length'] ?? 0);
    try {
      this.#plan = this.#owner.plan(status, headers);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    if (this.#plan.kind === 'skip' && this.#declared > SKIP_BYTES) this.#cut();
    else if (this.#plan.kind !== 'skip' && this.#declared > this.#plan.maxBytes) {
      this.fail(this.#plan.tooLarge(`Content-Length is ${this.#declared}`));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.wireBytes += chunk.length;
    const plan = this.#plan;
    if (plan.kind === 'skip') {
      if (this.wireBytes > SKIP_BYTES) this.#cut();
      return;
    }
    if (this.wireBytes > plan.maxBytes) {
      this.fail(plan.tooLarge(`${this.wireBytes} bytes came so far`));
      return;
    }
    if (plan.kind === 'stream') {
      this.#handOn(plan.sink, chunk);
      return;
    }
    this.#keep(chunk);
    this.#owner.budget.add(this, chunk.length);
    if (plan.check && this.wireBytes >= this.#nextCheck) {
      this.#nextCheck = this.wireBytes * 2;
      try {
        if (plan.check(() => this.#received(), this.#leftBytes())) this.#cut();
      } catch (error) {
        this.fail(error as Error);
      }
    }
  }

  onResponseEnd(): void {
    // A reset inside a body without a length is no end, though the parser takes it for one.
    if (this.#connection?.broken && !this.#settled) this.fail(this.#connection.broken);
    else this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #handOn(sink: Writable, chunk: Buffer): void {
    // undici reuses nothing of a chunk, so the sink may keep it.
    if (sink.write(chunk)) return;
    this.pause();
    sink.once('drain', () => this.resume());
  }

  #keep(chunk: Buffer): void {
    // Most pages come in one chunk, which then is the body.
    if (!this.#chunks && !this.#whole && this.#declared > chunk.length) this.#whole = Buffer.allocUnsafeSlow(this.#declared);
    if (this.#whole) chunk.copy(this.#whole, this.wireBytes - chunk.length);
    else if (this.#chunks) this.#chunks.push(chunk);
    else this.#chunks = [chunk];
  }

  #received(): Buffer {
    if (this.#whole) return this.#whole.subarray(0, this.wireBytes);
    const [first] = this.#chunks ?? [];
    return first && this.#chunks?.length === 1 ? first : Buffer.concat(this.#chunks ?? [], first ? this.wireBytes : 0);
  }

  #release(): void {
    this.#owner.budget.release(this);
    this.#chunks = undefined;
    this.#whole = undefined;
  }

  #leftBytes(): number {
    return this.#declared === 0 ? this.wireBytes : this.#declared - this.wireBytes;
  }

  /** Enough of a body: the answer stands, the connection goes; in HTTP/2 the stream. */
  #cut(): void {
    if (this.#connection && ++this.#connection.left >= MAX_LEFT) this.client?.retire();
    this.#finish(true);
    this.#controller?.abort(new Error('the body is not wanted'));
  }

  #finish(isLeft = false): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#plan.kind === 'stream') this.#plan.sink.end();
    const answer: Answer = {
      status: this.#status,
      headers: this.#headers,
      body: this.#received(),
      isOwn: this.#whole !== undefined || this.#connection?.isShared === false,
      wireBytes: this.wireBytes,
      isLeft,
      connection: this.#connection,
      headersAt: this.#headersAt,
    };
    this.#release();
    // undici frees its client in an immediate that it queues after this call; a request sent before that would open a second
    // connection. Queued after undici's own, this one runs when the connection can be used again.
    queueMicrotask(() => setImmediate(this.#resolve, answer));
  }
}
