import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call to SQS or S3, as IAM names it. */
export interface AwsCall {
  readonly action: string;
  /** `bucket`, `bucket/key`, or the name of a queue. */
  readonly resource: string;
}

/** Stands before the embedded SQS and S3 and notes what a function asks of them. */
export interface CallLog extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly AwsCall[];
}

export async function startCallLog(target: string): Promise<CallLog> {
  const calls: AwsCall[] = [];
  const server = createServer((request, response) => {
    void forward(new URL(target), request, response, calls);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(target: URL, request: IncomingMessage, response: ServerResponse, calls: AwsCall[]): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
  // The service sees the host that the request was signed for; the embedded ones check no signature.
  const upstream = send({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers });
  upstream.end(body);
  upstream.on('response', (answer) => {
    calls.push(...callsOf(request, body, answer.statusCode ?? 0));
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
}

/** Actions by the service authorization reference for S3 and SQS; a `…Batch` call needs the action without it. */
function callsOf(request: IncomingMessage, body: Buffer, status: number): AwsCall[] {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const { QueueUrl } = JSON.parse(body.toString('utf8')) as { QueueUrl: string };
    return [{ action: `sqs:${target.replace(/^AmazonSQS\./, '').replace(/Batch$/, '')}`, resource: QueueUrl.split('/').at(-1) ?? '' }];
  }
  const url = new URL(request.url ?? '/', 'http://s3');
  const resource = decodeURIComponent(url.pathname.slice(1));
  const bucket = resource.split('/')[0] ?? '';
  if (resource === bucket || resource === `${bucket}/`) return [{ action: 's3:ListBucket', resource: bucket }];
  const action = {
    GET: 's3:GetObject',
    HEAD: 's3:GetObject',
    DELETE: url.searchParams.has('uploadId') ? 's3:AbortMultipartUpload' : 's3:DeleteObject',
  }[request.method ?? ''];
  // Without the right to list, S3 answers 403 for what is not there.
  const missing = status === 404 ? [{ action: 's3:ListBucket', resource: bucket }] : [];
  return [{ action: action ?? 's3:PutObject', resource }, ...missing];
}
