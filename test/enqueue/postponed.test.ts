import { createServer, request as forwardTo } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createClients } from '../../functions/aws/clients.ts';
import { Queue } from '../../functions/aws/queue.ts';
import type { Batch } from '../../functions/job/batch.ts';
import { DropStage, sqsEvent } from './drop.ts';

const NOW = 1_800_000_000_000;
const batch = (n: number, notBefore?: number): Batch => ({
  v: 1,
  job: 'j',
  id: String(n).padStart(32, '0'),
  lane: `host-${n % 3}`,
  count: 1,
  requests: [{ url: `https://host-${n % 3}/${n}` }],
  ...(notBefore !== undefined && { notBefore }),
});

describe('a postponed batch', () => {
  it('goes to Requests when it is due, and waits on otherwise, as long as SQS allows', async () => {
    await using stage = await DropStage.start();
    const all = [batch(1, NOW - 1), batch(2, NOW), batch(3, NOW + 1), batch(4, NOW + 3_600_000), batch(5)];
    const tools = stage.tools({ now: () => NOW });
    expect(await stage.run(tools, sqsEvent(all.map((b) => JSON.stringify(b))))).toEqual([]);
    expect(stage.batches()).toEqual(expect.arrayContaining([all[0], all[1], all[4]]));
    expect(stage.batches()).toHaveLength(3);
    expect(stage.messages('postponed').map((body) => JSON.parse(body) as Batch)).toEqual([all[2], all[3]]);
    const delays = stage.aws.server
      .inspectQueue('postponed')
      ?.messages.delayed.map((m) => Math.round(((m.delayUntil ?? 0) - m.sentTimestamp) / 1000));
    expect(delays).toEqual([1, 900]);
    expect(stage.calls).toEqual(['SendMessageBatchCommand', 'SendMessageBatchCommand']);
  });

  it('that cannot be sent comes back alone, and so does a message that is none', async () => {
    await using stage = await DropStage.start();
    // Over the 1 MiB that SQS takes.
    const bad = { ...batch(2), requests: [{ url: `https://a.example/${'x'.repeat(1_100_000)}` }] };
    const bodies = [JSON.stringify(batch(1)), JSON.stringify(bad), 'no message', '{"v":1}', '7', JSON.stringify(batch(3))];
    expect(await stage.run(stage.tools(), sqsEvent(bodies))).toEqual(['m2', 'm3', 'm4', 'm1']);
    expect(stage.batches()).toEqual([batch(1), batch(3)]);
  });

  it('comes back with all others when SQS is away, and nothing is thrown', async () => {
    await using stage = await DropStage.start();
    stage.die({ call: 0, isDone: false });
    expect(await stage.run(stage.tools(), sqsEvent([1, 2].map((n) => JSON.stringify(batch(n)))))).toEqual(['m0', 'm1']);
  });
});

describe('an enqueue that goes on', () => {
  it('comes back when it fails, and is done with when its job is gone or enqueued', async () => {
    await using stage = await DropStage.start();
    const message = (job: string) => JSON.stringify({ v: 1, kind: 'enqueue', job });
    await stage.run(stage.tools(), await stage.drop('urls/page/x.job.json', JSON.stringify({ job: 'done', urls: ['https://a.example/'] })));
    await stage.cloud.objects.put('jobs/broken/job.json', 'no json');
    expect(await stage.run(stage.tools(), sqsEvent([message('gone'), message('broken'), message('done')]))).toEqual(['m1']);
    expect(stage.batches()).toHaveLength(1);
  });

  it('is put off to another invocation when others took the time', async () => {
    await using stage = await DropStage.start();
    const events = [await stage.drop('urls/a.txt', 'https://a.example/'), await stage.drop('urls/b.txt', 'https://b.example/')];
    const records = events.flatMap((event) => event.Records);
    expect(await stage.runAll(stage.tools(), { Records: records }, 60_000)).toBe(2);
    expect((await stage.allRequests()).map(({ url }) => url)).toEqual(['https://a.example/', 'https://b.example/']);
  });
});

describe('messages that SQS refuses one by one', () => {
  it('are sent again until all are there, each once and each lane in order', async () => {
    await using stage = await DropStage.start();
    const refused = new Set<string>();
    // Refuses every second entry the first time, as SQS does when it is busy, and passes the others on.
    const proxy = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { Entries: { Id: string; MessageDeduplicationId: string }[] };
        const failed = body.Entries.filter(({ MessageDeduplicationId: id }, i) => i % 2 === 1 && !refused.has(id));
        for (const { MessageDeduplicationId: id } of failed) refused.add(id);
        const text = JSON.stringify({ ...body, Entries: body.Entries.filter((entry) => !failed.includes(entry)) });
        const { 'content-length': _, host: __, ...headers } = request.headers;
        const onward = forwardTo(
          new URL(stage.aws.endpoint),
          { method: 'POST', path: '/', headers: { ...headers, 'content-length': Buffer.byteLength(text) } },
          (answer) => {
            const parts: Buffer[] = [];
            answer.on('data', (part: Buffer) => parts.push(part));
            answer.on('end', () => {
              const result = JSON.parse(Buffer.concat(parts).toString()) as object;
              const Failed = failed.map(({ Id }) => ({ Id, Code: 'RequestThrottled', SenderFault: false }));
              response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify({ ...result, Failed }));
            });
          },
        );
        onward.end(text);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { sqs } = createClients(true, { endpoint, region: stage.aws.region, credentials: stage.aws.credentials });
    try {
      const urls = Array.from({ length: 300 }, (_, i) => `https://host-${i % 60}.example/${i}`);
      const cloud = { ...stage.cloud, requests: new Queue(sqs, stage.cloud.requests.url) };
      await stage.run(stage.tools({ cloud }), await stage.drop('urls/x.txt', urls.join('\n')));
      expect(refused.size).toBeGreaterThan(10);
      expect(stage.batches()).toHaveLength(60);
      expect((await stage.allRequests()).map(({ url }) => url).toSorted()).toEqual(urls.toSorted());
    } finally {
      sqs.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});
