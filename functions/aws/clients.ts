import { S3Client, SQSClient } from './sdk.ts';
import { UsageMeter } from './usage.ts';

/** S3 requests billed in the dear class (AWS S3 pricing: PUT, COPY, POST, LIST). DELETE is free and counted nowhere. */
const DEAR = /^(Put|Copy|Create|Upload|Complete|List)/;

/** Where the clients go, for a process that talks to an SQS and S3 of its own making. */
export interface ClientAddress {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A connection that is not there by then will hardly come, ms. */
const CONNECTION_TIMEOUT_MS = 3_000;

/**
 * The SDK clients. Endpoint, region and credentials come from the SDK's own environment variables
 * (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SQS`, …), so the embedded SQS and S3 need nothing but those.
 *
 * @param pathStyleS3 - for an S3 that knows no virtual-host buckets.
 * @param address - instead of the environment.
 * @param timeoutMs - a call whose answer has not begun by then is given up and made again; absent: it is waited for without end.
 */
export function createClients(
  pathStyleS3: boolean,
  address: ClientAddress = {},
  timeoutMs?: number,
): { s3: S3Client; sqs: SQSClient; meter: UsageMeter } {
  const meter = new UsageMeter();
  const requestHandler = timeoutMs !== undefined && {
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  };
  // Checksums of uploads stay on where S3 wants them, but not a CRC over every byte that we already gzip with its own.
  const s3 = new S3Client({
    ...address,
    ...requestHandler,
    forcePathStyle: pathStyleS3,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  // An MD5 of every message body would be checked against what SQS says; TLS and the JSON parse already cover it.
  const sqs = new SQSClient({ ...address, ...requestHandler, md5: false });
  s3.middlewareStack.add(
    (next, context) => (args) => {
      if (DEAR.test(context.commandName ?? '')) meter.s3Writes++;
      else if (!context.commandName?.startsWith('Delete')) meter.s3Reads++;
      return next(args);
    },
    { step: 'finalizeRequest', name: 'urldropUsage' },
  );
  sqs.middlewareStack.add(
    (next) => (args) => {
      // Billed in units of 64 KiB of payload (AWS SQS pricing).
      const body = (args.request as { body?: unknown }).body;
      meter.sqsRequests += Math.max(1, Math.ceil((typeof body === 'string' ? body.length : 0) / 65_536));
      return next(args);
    },
    { step: 'finalizeRequest', name: 'urldropUsage' },
  );
  return { s3, sqs, meter };
}
