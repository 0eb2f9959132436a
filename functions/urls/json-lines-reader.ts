import type { FileTarget, Json, Request } from '../job/request.ts';
import { unknownName } from '../job/nearest-name.ts';
import { lineDamage } from './line-faults.ts';
import { LineReader } from './line-reader.ts';
import { badUrlAdvice, clip, normalise } from './normal-form.ts';
import { place } from './types.ts';

/** What a line may say, in the words of {@link Request}. */
const FIELDS = ['url', 'page', 'method', 'headers', 'body', 'data', 'depth', 'file'] as const;
/** The protocol's own bookkeeping: in an input it would pass a request by the rules that it stands for. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['attempts', 'claimed', 'location', 'locationMethod', 'redirects', 'tried', 'errand']);
/** What an error line says beside its request. */
const ERROR_FIELDS: ReadonlySet<string> = new Set(['code', 'message', 'status', 'at', 'attempts', 'line']);
/** CONNECT and TRACE make no page. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** RFC 9110, section 5.6.2 (token). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const MAX_NAME_CHARS = 200;

/** Reads one request a line as JSON: a request of the user's, or a line of `errors/` dropped again. */
export class JsonLinesReader extends LineReader {
  line(bytes: Buffer, start: number, end: number, line: number): void {
    const text = bytes.toString('utf8', start, end);
    const fault = (what: string, code: 'bad-line' | 'bad-url' = 'bad-line', shown = text) =>
      this.sink.fault({ code, message: `${place(line, this.name)} ${what}`, line, text: clip(shown) });
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      if (text.trim() === '') return;
      fault(lineDamage(bytes.subarray(start, end)) ?? `is no JSON: ${(error as Error).message}`);
      return;
    }
    const damage = text.includes('\ufffd') ? lineDamage(bytes.subarray(start, end)) : undefined;
    const request = damage ?? toRequest(value);
    if (typeof request === 'string') {
      fault(request);
      return;
    }
    const url = normalise(request.url);
    if (url === undefined) fault(`${badUrlAdvice(request.url)} Its "url" reads: ${clip(request.url)}`, 'bad-url', request.url);
    else this.sink.request(url === request.url ? request : { ...request, url }, line);
  }
}

/**
 * Checks a value from outside.
 *
 * @returns the request, its fields in one fixed order and its URL as it came; or what is wrong, said of the line.
 */
export function toRequest(value: unknown): Request | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object. Write {"url": "https://…"}.';
  const fields = value as Readonly<Record<string, unknown>>;
  const isErrorLine = typeof fields['code'] === 'string' && typeof fields['message'] === 'string';
  for (const name of Object.keys(fields)) {
    if ((FIELDS as readonly string[]).includes(name) || (isErrorLine && ERROR_FIELDS.has(name))) continue;
    if (OWN_FIELDS.has(name)) return `sets "${name}", which urldrop keeps for itself. Leave it out.`;
    return `has the unknown field ${unknownName(name, FIELDS)} Values of your own go under "data".`;
  }
  const { url, page, method, headers, body, data, depth, file } = fields;
  if (typeof url !== 'string') return `has no "url" with a text in it${url === undefined ? '' : `, but ${shownType(url)}`}.`;
  if (page !== undefined && (typeof page !== 'string' || page === '' || page.length > MAX_NAME_CHARS))
    return `needs a name of at most ${MAX_NAME_CHARS} characters as "page", not ${shownType(page)}.`;
  const verb = typeof method === 'string' ? method.toUpperCase() : method;
  if (verb !== undefined && !METHODS.has(verb as string))
    return `has the "method" ${clip(JSON.stringify(method))}. Known: ${[...METHODS].join(', ')}.`;
  if (body !== undefined && typeof body !== 'string')
    return `needs a text as "body", not ${shownType(body)}. JSON bodies are written as text.`;
  if (body !== undefined && verb === undefined) return 'has a "body" but no "method". Add "method": "POST".';
  if (depth !== undefined && !(Number.isSafeInteger(depth) && (depth as number) >= 0))
    return `needs a whole number from 0 as "depth", not ${shownType(depth)}.`;
  if (file !== undefined && !isFileTarget(file))
    return `needs {"name": letters, digits, ".", "-" and "_", "maxBytes": a number} as "file", not ${shownType(file)}.`;
  const fault = headers === undefined ? undefined : headersFault(headers);
  if (fault !== undefined) return fault;
  const request: { -readonly [K in keyof Request]: Request[K] } = { url };
  if (page !== undefined) request.page = page;
  if (verb !== undefined && verb !== 'GET') request.method = verb as string;
  if (headers !== undefined) request.headers = headers as Readonly<Record<string, string>>;
  // An empty body is none: `requestKey` takes both for the same request.
  if (body !== undefined && body !== '') request.body = body;
  if (data !== undefined) request.data = data as Json;
  if (depth !== undefined && depth !== 0) request.depth = depth as number;
  if (file !== undefined) request.file = file;
  return request;
}

function isFileTarget(value: unknown): value is FileTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { name, maxBytes } = value as { name?: unknown; maxBytes?: unknown };
  // Nothing that could climb out of the job's folder.
  const isName = typeof name === 'string' && name.length <= MAX_NAME_CHARS && /^[\p{L}\p{N}\p{M}_-][\p{L}\p{N}\p{M}._-]*$/u.test(name);
  return isName && !name.includes('..') && Number.isSafeInteger(maxBytes) && (maxBytes as number) >= 1;
}

function headersFault(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    return `needs an object as "headers", not ${shownType(headers)}.`;
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return `has a header name that HTTP does not allow: ${clip(JSON.stringify(name))}.`;
    // oxlint-disable-next-line no-control-regex -- RFC 9110, section 5.5: control characters end or break a field.
    if (typeof value !== 'string' || /[\0-\x08\x0a-\x1f\x7f]/.test(value))
      return `needs a text of one line as header "${name}", not ${shownType(value)}.`;
  }
  return undefined;
}

function shownType(value: unknown): string {
  return clip(JSON.stringify(value), 60);
}
