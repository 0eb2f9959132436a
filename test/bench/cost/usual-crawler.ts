import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SQSEvent } from 'aws-lambda';
import { load } from 'cheerio/slim';
import { createHash } from 'node:crypto';
import { Agent } from 'undici';
import { overviewOf } from '../peers/tree-overview.ts';

const agent = new Agent();
const s3 = new S3Client({ forcePathStyle: true });

/** The usual crawler on Lambda: one URL a message, one message an invocation, one object a page; no politeness, nothing exactly once. */
export async function handler({ Records }: SQSEvent): Promise<void> {
  for (const { body: url } of Records) {
    const { origin, pathname } = new URL(url);
    const { statusCode, body } = await agent.request({ origin, path: pathname, method: 'GET' });
    const record = { url, status: statusCode, ...overviewOf(load(await body.text()), url) };
    const Key = `usual/${createHash('sha256').update(url).digest('hex')}.json`;
    await s3.send(new PutObjectCommand({ Bucket: process.env['URLDROP_BUCKET'], Key, Body: JSON.stringify(record) }));
  }
}
