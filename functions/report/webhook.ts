import { createHmac } from 'node:crypto';
import type { Summary } from '../job/summary.ts';
import { Refused, type Channel, type Notice } from './notices.ts';

/** A receiver takes note and answers; what it does with it is its own time, ms. */
const TIMEOUT_MS = 10_000;

export interface WebhookOptions {
  readonly url: string;
  readonly userAgent: string;
  readonly bucket: string;
  /** Signs each request; absent: none is signed. */
  readonly readSecret?: (() => Promise<string>) | undefined;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** What is posted. */
export interface WebhookBody {
  readonly type: 'job.finished' | 'job.cancelled';
  readonly timestamp: string;
  readonly data: { readonly bucket: string; readonly summary: Summary };
}

/**
 * Posts a notice as JSON, signed as Standard Webhooks has it (https://www.standardwebhooks.com, version 1): `webhook-id` is the same for
 * every repeat, so that a receiver can drop those; `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 */
export function webhook({ url, userAgent, bucket, readSecret, now }: WebhookOptions): Channel {
  let key: Promise<Buffer> | undefined;
  const keyOnce = (read: () => Promise<string>): Promise<Buffer> => {
    key ??= read().then(keyOf);
    // A secret that could not be read is asked for again.
    key.catch(() => (key = undefined));
    return key;
  };
  return {
    name: 'webhook',
    async send({ id, summary }: Notice) {
      const type = summary.state === 'cancelled' ? 'job.cancelled' : 'job.finished';
      const body = JSON.stringify({
        type,
        timestamp: summary.finishedAt ?? summary.updatedAt,
        data: { bucket, summary },
      } satisfies WebhookBody);
      const timestamp = String(Math.floor(now() / 1000));
      const signed =
        readSecret &&
        createHmac('sha256', await keyOnce(readSecret))
          .update(`${id}.${timestamp}.${body}`)
          .digest('base64');
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': userAgent,
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          ...(signed !== undefined && { 'webhook-signature': `v1,${signed}` }),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      const message = `The receiver answered with status ${answer.status}.`;
      // 410: it wants no more (Standard Webhooks, "Deliverability and reliability").
      throw answer.status === 410 ? new Refused(message) : new Error(message);
    },
  };
}

function keyOf(secret: string): Buffer {
  const encoded = /^whsec_(.+)$/.exec(secret)?.[1];
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
}
