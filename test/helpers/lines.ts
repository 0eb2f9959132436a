import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import type { ErrorLine, ResultLine } from '../../functions/job/result.ts';

/** All JSON lines under a prefix of the bucket, with the key each came from. */
export async function readLines<T>(objects: ObjectStore, prefix: string): Promise<(T & { key: string })[]> {
  const lines: (T & { key: string })[] = [];
  for await (const { key } of objects.list(prefix)) {
    const bytes = await objects.get(key);
    if (!bytes) continue;
    for (const line of gunzipSync(bytes).toString('utf8').split('\n')) {
      if (line) lines.push({ ...(JSON.parse(line) as T), key });
    }
  }
  return lines;
}

export const resultLines = (objects: ObjectStore): Promise<(ResultLine & { key: string })[]> => readLines<ResultLine>(objects, 'results/');
export const errorLines = (objects: ObjectStore): Promise<(ErrorLine & { key: string })[]> => readLines<ErrorLine>(objects, 'errors/');
