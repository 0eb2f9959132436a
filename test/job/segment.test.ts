import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud } from '../../functions/aws/cloud.ts';
import type { ByteRange } from '../../functions/aws/objects.ts';
import { REQUESTS_PER_MEMBER, type SegmentRange } from '../../functions/job/batch.ts';
import type { Request } from '../../functions/job/request.ts';
import { memberTexts, readSegment, restOf, writeSegment } from '../../functions/job/segment.ts';
import type { EmbeddedAws } from '../../infra/local/embedded-aws.ts';
import { startCloud } from '../enqueue/cloud.ts';

let cloud: Cloud;
let aws: EmbeddedAws;
beforeAll(async () => {
  ({ cloud, aws } = await startCloud());
});
afterAll(() => aws.stop());

const run = (host: string, count: number): Request[] =>
  Array.from({ length: count }, (_, i) => ({ url: `https://${host}/${i}`, data: { note: `Zeile\n"${i}" 蜘蛛` } }));

async function write(key: string, runs: readonly (readonly Request[])[]): Promise<SegmentRange[]> {
  return writeSegment(
    cloud.objects,
    key,
    runs.map((requests) => memberTexts(requests)),
  );
}

async function readAll(range: SegmentRange, from?: number): Promise<Request[]> {
  const all: Request[] = [];
  for await (const requests of readSegment(cloud.objects, range, from)) {
    expect(requests).not.toHaveLength(0);
    all.push(...requests);
  }
  return all;
}

describe('a segment', () => {
  it('gives each run back from its own byte range, and nothing of its neighbours', async () => {
    const runs = [run('a.example', 3), run('b.example', 2 * REQUESTS_PER_MEMBER + 1), run('c.example', REQUESTS_PER_MEMBER)];
    const ranges = await write('requests/j/0.jsonl.gz', runs);
    expect(ranges.map((r) => r.members.length)).toEqual([1, 3, 1]);
    for (const [i, range] of ranges.entries()) expect(await readAll(range)).toEqual(runs[i]);
  });

  it('is one gzip file of JSON lines as a whole', async () => {
    const runs = [run('a.example', 1_500), run('b.example', 2)];
    await write('requests/j/whole.jsonl.gz', runs);
    const bytes = await cloud.objects.get('requests/j/whole.jsonl.gz');
    const lines = gunzipSync(bytes ?? Buffer.alloc(0))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(runs.flat());
  });

  it('has the same bytes when it is written again', async () => {
    await write('requests/j/once.jsonl.gz', [run('a.example', 1_200)]);
    await write('requests/j/again.jsonl.gz', [run('a.example', 1_200)]);
    expect(await cloud.objects.get('requests/j/again.jsonl.gz')).toEqual(await cloud.objects.get('requests/j/once.jsonl.gz'));
  });

  it.each([0, 1, REQUESTS_PER_MEMBER - 1, REQUESTS_PER_MEMBER, REQUESTS_PER_MEMBER + 1, 2_499])(
    'reads on behind its first %i requests, by rest or by start',
    async (worked) => {
      const requests = run('a.example', 2_500);
      const [range] = await write(`requests/j/rest-${worked}.jsonl.gz`, [requests]);
      const rest = restOf(range!, worked);
      expect(rest.skip).toBeLessThan(REQUESTS_PER_MEMBER);
      expect(await readAll(rest)).toEqual(requests.slice(worked));
      expect(await readAll(range!, worked)).toEqual(requests.slice(worked));
      expect(await readAll(restOf(rest, 0), 1)).toEqual(requests.slice(worked + 1));
    },
  );

  it('ends where its requests end, also for a start behind them', async () => {
    const [range] = await write('requests/j/end.jsonl.gz', [run('a.example', 10)]);
    expect(await readAll(range!, 10)).toEqual([]);
    expect(await readAll(range!, REQUESTS_PER_MEMBER)).toEqual([]);
    expect(() => restOf(range!, REQUESTS_PER_MEMBER)).toThrow(RangeError);
  });

  it('is fetched a member first and then several at a time, and not beyond what is read', async () => {
    const [range] = await write('requests/j/gets.jsonl.gz', [run('a.example', 20 * REQUESTS_PER_MEMBER)]);
    const gets: number[] = [];
    const counting = Object.create(cloud.objects, {
      get: {
        value: (key: string, bytes: ByteRange) => {
          gets.push(bytes.last - bytes.first + 1);
          return cloud.objects.get(key, bytes);
        },
      },
    }) as typeof cloud.objects;
    let read = 0;
    for await (const requests of readSegment(counting, range!)) {
      read += requests.length;
      if (read >= 2_500) break;
    }
    expect(gets).toEqual([range!.members[0], (range!.members[1] ?? 0) + (range!.members[2] ?? 0)]);
    for await (const requests of readSegment(counting, range!)) read += requests.length;
    expect(read).toBe(3_000 + 20_000);
    expect(gets).toHaveLength(2 + 5);
  });

  it('names the object when it is gone or damaged', async () => {
    const [range] = await write('requests/j/bad.jsonl.gz', [run('a.example', 5)]);
    await cloud.objects.delete('requests/j/bad.jsonl.gz');
    await expect(readAll(range!)).rejects.toThrow('requests/j/bad.jsonl.gz is not there');
    await cloud.objects.put('requests/j/bad.jsonl.gz', Buffer.alloc(range!.members[0] ?? 0));
    await expect(readAll(range!)).rejects.toThrow('requests/j/bad.jsonl.gz at byte 0');
  });
});
