import type { ObjectStore } from '../../functions/aws/objects.ts';
import { prefixes } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import { FILE_PAGE } from '../../functions/job/request.ts';
import type { ErrorLine, ResultLine } from '../../functions/job/result.ts';
import { skippedTotal, type Summary } from '../../functions/job/summary.ts';
import { readLines } from '../helpers/lines.ts';
import type { Expected } from './sites.ts';

/** Deaths on one request alone before it may be called a killer. */
const DEATHS = 3;

/** What a finished job left in the bucket, held against what the sites hold. @returns what is wrong; empty: every promise was kept. */
export async function checkJob(
  objects: ObjectStore,
  expected: Expected,
  summary: Summary | undefined,
  deathsAlone: ReadonlyMap<string, number>,
): Promise<string[]> {
  const results = await readLines<ResultLine>(objects, 'results/');
  const errors = await readLines<ErrorLine>(objects, 'errors/');
  // Under many faults functions may die three times on a page that does nothing: then it is a killer as far as anyone can know.
  const accused = errors.filter((e) => e.code === 'crash' && expected.errors[e.url] !== 'crash');
  const slandered = accused.filter((e) => (deathsAlone.get(batchOf(e.key)) ?? 0) < DEATHS);
  const faults = slandered.map((e) => `slandered: ${e.url} after ${deathsAlone.get(batchOf(e.key)) ?? 0} deaths`);
  const urls = results.map((r) => r.url).toSorted();
  const found = errors.map((e) => `${e.url} ${e.code}`).toSorted();
  if (accused.length > 0) {
    const all = [...urls, ...errors.map((e) => e.url)];
    const twice = all.filter((url, i) => all.indexOf(url) !== i);
    if (twice.length > 0) faults.push(`twice: ${JSON.stringify(twice)}`);
  } else {
    const wanted = Object.entries(expected.errors).map(([url, code]) => `${url} ${code}`);
    faults.push(...difference('results', urls, expected.results), ...difference('errors', found, wanted));
  }
  faults.push(...(await checkObjects(objects, [...results, ...errors])), ...(await checkFiles(objects, results)));
  if (!summary) return [...faults, 'no summary'];
  faults.push(...checkAccounts(summary));
  const { succeeded, failed, skipped, pending } = summary.requests;
  if (pending !== 0) faults.push(`pending: ${pending}`);
  if (succeeded !== results.length) faults.push(`succeeded: ${succeeded}, lines: ${results.length}`);
  if (failed + (skipped.robots ?? 0) !== errors.length) faults.push(`failed: ${failed}, lines: ${errors.length}`);
  const counted = Object.entries(summary.errors).map(([code, { count }]) => `${code} ${count}`);
  const lines = Object.entries(Object.groupBy(errors, (e) => e.code)).map(([code, all]) => `${code} ${all?.length}`);
  return [...faults, ...difference('errors by code', counted, lines)];
}

/** What holds at every tick. */
export function checkAccounts({ requests, updatedAt }: Summary): string[] {
  const { total, succeeded, failed, skipped, pending } = requests;
  const isWhole = total === succeeded + failed + skippedTotal(skipped) + pending;
  return isWhole && pending >= 0 && failed >= 0 ? [] : [`accounts at ${updatedAt}: ${JSON.stringify(requests)}`];
}

/** Whatever lies in results/ and errors/ is what a committed batch wrote, or enqueue. */
async function checkObjects(objects: ObjectStore, lines: readonly (ResultLine | (ErrorLine & { key: string }))[]): Promise<string[]> {
  const committed = new Set<string>();
  for await (const job of objects.folders('outcomes/')) {
    for await (const { key } of objects.list(prefixes.outcomes(job))) {
      const outcome = await objects.getJson<Outcome>(key);
      if (outcome && (outcome.succeeded > 0 || outcome.failed > 0 || outcome.skipped.robots)) committed.add(outcome.batch);
    }
  }
  const stale = new Set(
    lines.flatMap((line) => ('key' in line && !('line' in line) && !committed.has(batchOf(line.key)) ? [line.key] : [])),
  );
  return Array.from(stale, (key) => `stale: ${key}`);
}

/** Each file that a line speaks of is there, and no other. */
async function checkFiles(objects: ObjectStore, results: readonly ResultLine[]): Promise<string[]> {
  const there = await Array.fromAsync(objects.list('files/'), ({ key }) => key);
  const wanted = results.filter((r) => r.page === FILE_PAGE).map((r) => (r.item as { key: string }).key);
  return difference('files', there, wanted);
}

/** The id in `…/<batch>.jsonl.gz`. */
function batchOf(key: string): string {
  return /([0-9a-f]{32})\.jsonl\.gz$/.exec(key)?.[1] ?? key;
}

function difference(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const missing = wanted.filter((w) => !found.includes(w));
  const surplus = found.filter((f, i) => !wanted.includes(f) || found.indexOf(f) !== i);
  if (missing.length + surplus.length === 0) return [];
  return [`${what}: missing ${JSON.stringify(missing)}, too many ${JSON.stringify(surplus)}`];
}
