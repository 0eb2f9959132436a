import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keys, prefixes } from '../../functions/job/keys.ts';
import type { ErrorLine, ResultLine } from '../../functions/job/result.ts';
import { skippedTotal, type Summary } from '../../functions/job/summary.ts';
import { bundleFunctions, writeBundles } from '../../infra/bundle.ts';
import type { FunctionName } from '../../infra/settings.ts';
import { readLines } from '../helpers/lines.ts';
import { Fleet, noChance, type Chance } from './fleet.ts';
import type { Call, Fault } from './fault-proxy.ts';
import { Sites } from './sites.ts';

let modules: Promise<Readonly<Record<FunctionName, string>>> | undefined;

/** The functions under test: bundled as they are deployed, but for the scraper; built once, so that no edit changes them halfway. */
function faultModules(): Promise<Readonly<Record<FunctionName, string>>> {
  modules ??= (async () => {
    const directory = mkdtempSync(join(tmpdir(), 'urldrop-faults-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    const own = 'test/faults/functions';
    writeBundles(
      await bundleFunctions({ enqueue: `${own}/enqueue.ts`, scrape: `${own}/scrape.ts`, report: 'functions/report/handler.ts' }),
      directory,
    );
    const moduleOf = (name: FunctionName): string => pathToFileURL(join(directory, name, 'index.mjs')).href;
    return { enqueue: moduleOf('enqueue'), scrape: moduleOf('scrape'), report: moduleOf('report') };
  })();
  return modules;
}

/** A fleet and the sites that it scrapes. */
export interface Ground extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly sites: Sites;
}

export async function startGround(startSites: () => Promise<Sites> = () => Sites.start()): Promise<Ground> {
  const [fleet, sites] = await Promise.all([faultModules().then((m) => Fleet.start(m)), startSites()]);
  return {
    fleet,
    sites,
    async [Symbol.asyncDispose]() {
      await fleet[Symbol.asyncDispose]();
      await sites[Symbol.asyncDispose]();
    },
  };
}

/** What one run of the job left behind. */
export interface RunResult {
  readonly calls: readonly Call[];
  readonly deaths: number;
  /** What is wrong with it; empty: every promise was kept. */
  readonly faults: readonly string[];
}

let runs = 0;

/** Drops the file, runs the job to its end under the given faults, and holds what is in the bucket against the sites. */
export async function runJob(
  { fleet, sites }: Ground,
  fault: (call: Call) => Fault = () => 'none',
  chance: Chance = noChance,
): Promise<RunResult> {
  fleet.reset(chance);
  sites.reset();
  fleet.proxy.fault = fault;
  const { expected } = sites;
  // Another name, so that SQS does not take the next run's batches for repeats of this one's.
  await fleet.drop(`urls/fault/list-${++runs}.txt`, expected.input, '2026-03-01T10:00:00.000Z');
  let summary: Summary | undefined;
  const faults: string[] = [];
  try {
    await fleet.run(async () => {
      for await (const key of fleet.objects.folders(prefixes.jobs)) summary = await fleet.objects.getJson<Summary>(keys.summary(key));
      return summary?.finishedAt !== undefined;
    });
  } catch (error) {
    faults.push(String(error));
  }
  const calls = [...fleet.proxy.calls];
  faults.push(...(await check(fleet, sites, summary)));
  return { calls, deaths: fleet.deaths, faults };
}

async function check(fleet: Fleet, { expected }: Sites, summary: Summary | undefined): Promise<string[]> {
  const faults: string[] = [];
  const results = await readLines<ResultLine>(fleet.objects, 'results/');
  const errors = await readLines<ErrorLine>(fleet.objects, 'errors/');
  const urls = results.map((r) => r.url).toSorted();
  if (JSON.stringify(urls) !== JSON.stringify(expected.results)) faults.push(`results: ${difference(urls, expected.results)}`);
  const found = errors.map((e) => `${e.url} ${e.code}`).toSorted();
  const wanted = Object.entries(expected.errors)
    .map(([url, code]) => `${url} ${code}`)
    .toSorted();
  if (JSON.stringify(found) !== JSON.stringify(wanted)) faults.push(`errors: ${difference(found, wanted)}`);
  if (!summary) return [...faults, 'no summary'];
  const { total, succeeded, failed, skipped, pending } = summary.requests;
  if (pending !== 0 || total !== succeeded + failed + skippedTotal(skipped)) faults.push(`accounts: ${JSON.stringify(summary.requests)}`);
  if (succeeded !== expected.results.length) faults.push(`succeeded: ${succeeded}, lines: ${expected.results.length}`);
  if (failed + (skipped.robots ?? 0) !== wanted.length) faults.push(`failed: ${failed}, lines: ${wanted.length}`);
  return faults;
}

function difference(found: readonly string[], wanted: readonly string[]): string {
  const missing = wanted.filter((w) => !found.includes(w));
  const surplus = found.filter((f, i) => !wanted.includes(f) || found.indexOf(f) !== i);
  return `missing ${JSON.stringify(missing)}, too many ${JSON.stringify(surplus)}`;
}
