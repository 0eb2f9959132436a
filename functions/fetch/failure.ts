import { RequestError, type ErrorCode } from '../job/errors.ts';

/** What a fetch was doing, for messages: `GET https://host/path`, without credentials. */
export type FetchLabel = string;

/** Codes of Node (system calls, TLS, HTTP/2) and undici, by what they mean for a request. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_NAME: 'dns',
  ERR_BLOCKED_ADDRESS: 'blocked-address',
  ERR_PROXY: 'proxy',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_SOCKET: 'connect',
  UND_ERR_CLOSED: 'connect',
  UND_ERR_DESTROYED: 'connect',
  UND_ERR_INFO: 'connect',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connect',
  UND_ERR_INVALID_ARG: 'bad-request',
  UND_ERR_NOT_SUPPORTED: 'bad-request',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'too-large',
  // "Client network socket disconnected before secure TLS connection was established": as good as a reset.
  ECONNRESET: 'connect',
  ECONNREFUSED: 'connect',
  ECONNABORTED: 'connect',
  EHOSTUNREACH: 'connect',
  EHOSTDOWN: 'connect',
  ENETUNREACH: 'connect',
  ENETDOWN: 'connect',
  EADDRNOTAVAIL: 'connect',
  EACCES: 'connect',
  EPERM: 'connect',
  EPIPE: 'connect',
  ETIMEDOUT: 'connect',
  EINVAL: 'connect',
  EMFILE: 'internal',
  ENFILE: 'internal',
  EPROTO: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  INVALID_CA: 'tls',
  INVALID_PURPOSE: 'tls',
  PATH_LENGTH_EXCEEDED: 'tls',
};

/** HTTP/2 stream and session errors that are a broken connection rather than a broken message (RFC 9113, section 7). */
const H2_CONNECTION_CODES = new Set([0x0, 0x2, 0x7, 0x8]);
/** ENHANCE_YOUR_CALM: Node's own answer to too many headers, and what servers say to clients that reset many streams. */
const H2_ENHANCE_YOUR_CALM = 0xb;

/** What certificate errors of OpenSSL mean, for people. */
const TLS_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain ends in an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chain is incomplete or its authority unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate chain is incomplete or its authority unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate chain is incomplete or its authority unknown',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  CERT_REVOKED: 'the certificate is revoked',
};

/**
 * Gives a failure of the network its one code.
 *
 * @param error - whatever undici, Node or the connector raised; a {@link RequestError} passes as it is.
 */
export function toRequestError(error: unknown, label: FetchLabel): RequestError {
  if (error instanceof RequestError) return error;
  const fault = rootFault(error);
  const code = codeOf(fault);
  return new RequestError(code, `${label}: ${describe(fault, code)}`, { cause: error });
}

/** Happy Eyeballs bundles the failures of all addresses; undici wraps some errors in another. */
function rootFault(error: unknown): Fault {
  if (error instanceof AggregateError && (error as Fault).code !== 'UND_ERR_CONNECT_TIMEOUT')
    return rootFault((error.errors as unknown[])[0]);
  return error instanceof Error ? error : new Error(String(error));
}

type Fault = Error & { code?: unknown; http2ErrorCode?: unknown };

function codeOf(fault: Fault): ErrorCode {
  const code = typeof fault.code === 'string' ? fault.code : '';
  if (typeof fault.http2ErrorCode === 'number') {
    if (fault.http2ErrorCode === H2_ENHANCE_YOUR_CALM) return 'too-large';
    if (code !== 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return H2_CONNECTION_CODES.has(fault.http2ErrorCode) ? 'connect' : 'protocol';
  }
  if (Object.hasOwn(CODES, code)) return CODES[code] ?? 'internal';
  if (Object.hasOwn(TLS_WORDS, code) || /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT_)/.test(code)) return 'tls';
  if (fault.name === 'HTTPParserError') return isCutShort(fault) ? 'connect' : 'protocol';
  if (code.startsWith('ERR_HTTP2_')) return 'protocol';
  return 'internal';
}

/** A server reset the stream of HTTP/2 since it has too much of this client. */
export function asksForCalm(error: unknown): boolean {
  return rootFault(error).http2ErrorCode === H2_ENHANCE_YOUR_CALM;
}

/** The parser met the end of the stream inside a message; undici hands on llhttp's words, but not its code. */
function isCutShort(fault: Fault): boolean {
  return fault.name === 'HTTPParserError' && fault.message.includes('Invalid EOF state');
}

/** Errors of our own, whose messages say it all. */
const OWN_NAMES = new Set(['NameError', 'BlockedAddressError', 'ProxyError']);

function describe(fault: Fault, code: ErrorCode): string {
  const raw = typeof fault.code === 'string' ? fault.code : '';
  if (code === 'tls') return `${TLS_WORDS[raw] ?? oneLine(fault.message)} (${raw})`;
  if (OWN_NAMES.has(fault.name)) return fault.message;
  if (raw === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'the body is shorter or longer than its Content-Length';
  if (isCutShort(fault)) return 'the connection ended inside the answer';
  return raw === '' ? oneLine(fault.message) : `${oneLine(fault.message)} (${raw})`;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
