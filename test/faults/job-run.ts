import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JobFile } from '../../functions/enqueue/job-file.ts';
import { keys, prefixes } from '../../functions/job/keys.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { bundleFunctions, writeBundles } from '../../infra/bundle.ts';
import type { FunctionName } from '../../infra/settings.ts';
import { checkAccounts, checkJob } from './check.ts';
import type { Call, Fault } from './fault-proxy.ts';
import { Fleet, type Chance } from './fleet.ts';
import { faultScraper, START_KEY } from './functions/scrapers.ts';
import { Sites, type Killer } from './sites.ts';

let modules: Promise<Readonly<Record<FunctionName, string>>> | undefined;

/** The functions under test: bundled as they are deployed, but for the scraper; built once, so that no edit changes them halfway. */
function faultModules(): Promise<Readonly<Record<FunctionName, string>>> {
  modules ??= (async () => {
    const directory = mkdtempSync(join(tmpdir(), 'urldrop-faults-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    writeBundles(await bundleFunctions({ scrape: 'test/faults/functions/all.ts' }), directory);
    const all = pathToFileURL(join(directory, 'scrape', 'index.mjs')).href;
    return { enqueue: all, scrape: all, report: all };
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

/** How one run of the job goes. */
export interface RunPlan {
  /** What befalls each call; absent: nothing. */
  readonly fault?: (call: Call) => Fault;
  readonly chance?: Chance;
  /** What one page of the sites does to its function; absent: there is no such page. */
  readonly killer?: Killer | undefined;
  /** Started by a schedule in place of a dropped file. */
  readonly isScheduled?: boolean;
  /** It ends with its first attempt. */
  readonly isOneAttempt?: boolean;
}

/** What one run of the job left behind. */
export interface RunResult {
  readonly calls: readonly Call[];
  /** How many of them the first attempt took. */
  readonly firstCalls: number;
  readonly deaths: number;
  /** What is wrong with it; empty: every promise was kept. */
  readonly faults: readonly string[];
}

let runs = 0;

/** Starts the job, runs it to its end under the given faults, and holds what is in the bucket against the sites. */
export async function runJob({ fleet, sites }: Ground, plan: RunPlan = {}): Promise<RunResult> {
  fleet.reset(plan.chance);
  sites.reset(plan.killer);
  sites.onLoop = () => fleet.endLoop();
  fleet.proxy.fault = plan.fault ?? (() => 'none');
  const { objects } = fleet;
  const faults: string[] = [];
  let summary: Summary | undefined;
  let firstCalls = 0;
  fleet.onTick = async () => {
    for await (const id of objects.folders(prefixes.jobs)) summary = await objects.getJson<Summary>(keys.summary(id));
    if (summary) faults.push(...checkAccounts(summary));
  };
  const check = () => checkJob(objects, sites.expected, summary, fleet.deathsAlone);
  /** Drops the wish, once or twice: typed twice, or in two terminals. */
  const tryAgain = async () => {
    faults.push(...(await check()).map((fault) => `attempt 1: ${fault}`));
    sites.mend();
    await retry();
    if (plan.chance && plan.chance.random() < 0.5) await retry();
    await fleet.run(hasEnded(2));
  };
  const retry = async () => {
    if (!summary) throw new Error('Nothing to try again.');
    const { id: job, scraper } = summary;
    // What kills did so for certain: again it would only take its time.
    const wish: JobFile = { job, retry: { attempt: 2, ...(plan.killer && { codes: ['parse', 'http-404'] }) } };
    await fleet.drop(keys.jobFile(scraper, job, 2), JSON.stringify(wish), at);
  };
  // Another name or time, so that SQS does not take the next run's batches for repeats of this one's.
  const at = new Date(Date.UTC(2026, 2, 1) + ++runs * 1_000).toISOString();
  const hasEnded = (attempt: number) => () => summary?.attempt === attempt && summary.finishedAt !== undefined;
  try {
    if (plan.isScheduled) {
      await objects.put(START_KEY, sites.expected.input);
      fleet.fire(faultScraper.name, at);
    } else await fleet.drop(`urls/fault/list-${runs}.txt`, sites.expected.input, at);
    await fleet.run(hasEnded(1));
    firstCalls = fleet.proxy.calls.length;
    if (!plan.isOneAttempt) await tryAgain();
  } catch (error) {
    faults.push(String(error));
  }
  const calls = [...fleet.proxy.calls];
  faults.push(...(await check()));
  return { calls, firstCalls, deaths: fleet.deaths, faults: [...new Set(faults)] };
}
