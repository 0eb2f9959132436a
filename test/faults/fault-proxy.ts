import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call of a function to SQS or S3. */
export interface Call {
  /** 1 for the first call since the last {@link FaultProxy.restart}. */
  readonly n: number;
  /** `PUT outcomes/…`, `SendMessageBatch`, … for messages. */
  readonly name: string;
}

/**
 * What befalls a call:
 * - `kill-before`: the function dies before the call reaches the service;
 * - `kill-after`: the service has done it, and the function dies before it hears so;
 * - `slow-down`: the service refuses with 503 SlowDown; `error`: with 500 InternalError;
 * - `lost-answer`: the service has done it, and the connection breaks;
 * - `silence-before`, `silence-after`: no answer ever comes, and the service has not, or has, done it;
 * - `partial`: of a SendMessageBatch every second entry is refused, of any other call nothing.
 */
export type Fault =
  | 'none'
  | 'kill-before'
  | 'kill-after'
  | 'slow-down'
  | 'error'
  | 'lost-answer'
  | 'silence-before'
  | 'silence-after'
  | 'partial';

const refusals: Partial<Record<Fault, { readonly status: number; readonly code: string }>> = {
  'slow-down': { status: 503, code: 'SlowDown' },
  error: { status: 500, code: 'InternalError' },
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Stands between functions and the embedded SQS and S3, and strikes at calls. */
export class FaultProxy implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #target: URL;
  #calls: Call[] = [];
  /** Calls that something befell, since the proxy was started. */
  struck = 0;
  fault: (call: Call) => Fault = () => 'none';
  /** Ends the function for good; resolves when it is gone. */
  kill: () => Promise<void> = () => Promise.resolve();

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Calls since the last {@link restart}. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  restart(): void {
    this.#calls = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = request.headers['x-amz-target'];
    const name =
      typeof action === 'string'
        ? (action.split('.')[1] ?? '')
        : `${request.method} ${(request.url ?? '').replace(/^\/[^/]+\/|\?.*/g, '')}`;
    const call = { n: this.#calls.length + 1, name };
    this.#calls.push(call);
    const fault = this.fault(call);
    if (fault !== 'none') this.struck++;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The function died while it was sending: the call never was.
      return;
    }
    if (fault === 'kill-before') {
      await this.kill();
      response.destroy();
      return;
    }
    if (fault === 'silence-before') return;
    const refusal = refusals[fault];
    if (refusal) {
      const { status, code } = refusal;
      response
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${code}</Code><Message>A fault.</Message></Error>`);
      return;
    }
    const body = Buffer.concat(chunks);
    let answer: Answer;
    try {
      answer =
        fault === 'partial' && name === 'SendMessageBatch' ? await this.#sendPartly(request, body) : await this.#forward(request, body);
    } catch {
      response.destroy();
      return;
    }
    if (fault === 'silence-after') return;
    if (fault === 'kill-after') {
      await this.kill();
      response.destroy();
    } else if (fault === 'lost-answer') response.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  /** Keeps every second entry of a SendMessageBatch from SQS, and says of those what SQS says of its own failures. */
  async #sendPartly(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const call = JSON.parse(body.toString()) as { Entries: { Id: string }[] };
    const [sent, kept] = [0, 1].map((rest) => call.Entries.filter((_, i) => i % 2 === rest));
    const answer = await this.#forward(request, Buffer.from(JSON.stringify({ ...call, Entries: sent })));
    const Failed = kept?.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false, Message: 'A fault.' }));
    const said = JSON.parse(answer.body.toString()) as { Failed?: unknown[] };
    const whole = Buffer.from(JSON.stringify({ ...said, Failed: [...(said.Failed ?? []), ...(Failed ?? [])] }));
    return { ...answer, headers: { ...answer.headers, 'content-length': String(whole.length) }, body: whole };
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const headers = { ...request.headers, 'content-length': String(body.length) };
      const forwarded = send({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }));
        answer.on('error', reject);
      });
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }
}
