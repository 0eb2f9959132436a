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
 * - `error`: the service refuses with 503 SlowDown;
 * - `lost-answer`: the service has done it, and the connection breaks.
 */
export type Fault = 'none' | 'kill-before' | 'kill-after' | 'error' | 'lost-answer';

/** Stands between functions and the embedded SQS and S3, and strikes at calls. */
export class FaultProxy implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  readonly #target: URL;
  #calls: Call[] = [];
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
    if (fault === 'error') {
      response
        .writeHead(503, { 'content-type': 'application/xml' })
        .end('<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>');
      return;
    }
    let answer: { status: number; headers: IncomingMessage['headers']; body: Buffer };
    try {
      answer = await this.#forward(request, Buffer.concat(chunks));
    } catch {
      response.destroy();
      return;
    }
    if (fault === 'kill-after') {
      await this.kill();
      response.destroy();
    } else if (fault === 'lost-answer') response.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const forwarded = send({ hostname, port, path: request.url, method: request.method, headers: request.headers }, (answer) => {
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
