/**
 * SQS and S3 of the cost benchmark, a process of its own: the embedded ones, behind as much latency as AWS has, with every billed
 * request counted. Sends the environment; answers each message with {@link CloudState}.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';

/** Requests as AWS bills them, and what is left in the queues. */
export interface CloudState {
  readonly s3Writes: number;
  readonly s3Reads: number;
  readonly sqsRequests: number;
  /** Messages on Requests and Postponed, those in flight and delayed included. */
  readonly messages: number;
}

/** What a call to S3 or SQS takes within a region, ms: the usual order of magnitude of first bytes. */
const CALL_MS = 20;
/** One SQS request is billed per 64 KiB (AWS SQS pricing). */
const SQS_UNIT = 65_536;

const counts = { s3Writes: 0, s3Reads: 0, sqsRequests: 0 };
subscribe('http.server.request.start', (message) => {
  const { method, headers } = (message as { request: IncomingMessage }).request;
  const target = headers['x-amz-target'];
  // What is received is counted by whoever receives: an empty answer is none that a million pages would cause.
  if (typeof target === 'string') {
    if (!target.endsWith('.ReceiveMessage'))
      counts.sqsRequests += Math.max(1, Math.ceil(Number(headers['content-length'] ?? 0) / SQS_UNIT));
  } else if (method === 'PUT' || method === 'POST') counts.s3Writes++;
  // Deleting is free (Amazon S3 pricing).
  else if (method !== 'DELETE') counts.s3Reads++;
});

const aws = await startEmbeddedAws();
const upstream = Number(new URL(aws.endpoint).port);
const late = createServer({ noDelay: true }, (client) => {
  const server = connect({ port: upstream, host: '127.0.0.1', noDelay: true });
  client.on('data', (chunk) => setTimeout(() => !server.destroyed && server.write(chunk), CALL_MS));
  server.on('data', (chunk) => client.write(chunk));
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy());
}).listen(0, '127.0.0.1', () => {
  const endpoint = `http://127.0.0.1:${(late.address() as AddressInfo).port}`;
  const environment = Object.entries(aws.environment).map(([name, value]) => [name, value.replace(aws.endpoint, endpoint)]);
  process.send?.(Object.fromEntries(environment));
});
process.on('message', () => {
  let messages = 0;
  for (const name of ['requests.fifo', 'postponed']) {
    const queue = aws.server.inspectQueue(name)?.messages;
    messages += queue ? queue.ready.length + queue.delayed.length + queue.inflight.length : 0;
  }
  process.send?.({ ...counts, messages } satisfies CloudState);
});
process.once('disconnect', () => process.exit());
