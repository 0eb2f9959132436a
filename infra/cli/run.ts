import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import type { JobOptions } from '../../functions/job/job.ts';
import { activeJobOf, prefixes } from '../../functions/job/keys.ts';
import type { Recipe } from '../../functions/job/recipe-store.ts';
import { UsageError } from '../../functions/job/errors.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { optionTable } from '../../functions/options.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { makeRoomForSockets } from '../local/open-files.ts';
import { CommandFailure } from './command-failure.ts';
import { exitCodes } from './exit-codes.ts';
import { followJob } from './follow-job.ts';
import { Interrupted } from './interrupt.ts';
import { inputOf, layOut } from './job-input.ts';
import { withLocalCloud, type LocalSession } from './local-session.ts';
import { functionOptionsOf } from './option-values.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import type { RunFlags } from './run-command.ts';
import { newJobId, submitJob } from './submit-job.ts';

/**
 * `urldrop run`: a user of the local cloud like any other. Puts the input into its bucket, follows the job's summary, and
 * exports the results.
 *
 * @returns the exit code.
 * @throws {UsageError} for whatever is wrong with the input or the options, before anything is fetched.
 */
export async function run(args: readonly string[], flags: RunFlags): Promise<number> {
  if (flags.resume !== undefined && args.length > 0)
    throw new UsageError('input', `--resume ${flags.resume} takes its input from the job. Leave out ${args.join(' ')}.`);
  if (flags.out !== undefined) await (await import('./export-results.ts')).checkOut(flags.out);
  const input = flags.resume === undefined ? await inputOf(args) : undefined;
  const mustStart = input?.kind === 'start';
  const chosen = await chooseScraper(flags, mustStart);
  if (mustStart && chosen.scraper) checkStart(chosen.scraper);
  const job = flags.resume ?? newJobId(chosen.name);
  const progress = new Progress(process.stderr, () => performance.now());
  const say = (line: string) => progress.say(line);
  const workers = flags.workers ?? availableParallelism();
  const narrow = makeRoomForSockets(flags.concurrency ?? 0);
  if (narrow !== undefined) say(narrow);
  const layout = input && layOut(input, workers, politenessOf(flags, chosen), chosen.scraper?.follows ?? chosen.name !== 'page');
  const cloudOptions = {
    job,
    dataDir: flags.dataDir,
    workers,
    ...(layout && { warmWorkers: layout.threads }),
    functionOptions: { ...functionOptionsOf(flags), ...(layout && { [optionTable.minLanes.env]: String(layout.lanes) }) },
  };
  const hasHistory = existsSync(flags.dataDir);
  let isBegun = flags.resume !== undefined;
  try {
    return await withLocalCloud(cloudOptions, say, async (session) => {
      const { cloud, bell, signal } = session;
      let attempt = 1;
      if (input) {
        if (!chosen.isKnown) {
          const scraper = await (await import('./choose-scraper.ts')).scraperInBucket(cloud.objects, chosen.name);
          if (mustStart) checkStart(scraper);
        }
        const { name: scraper, recipe } = chosen;
        await submitJob(cloud.objects, { job, scraper, ...(recipe && { recipe }), input, options: jobOptionsOf(flags) });
        isBegun = true;
        if (!flags.json && hasHistory) await tellOfOthers(cloud.objects, job, say);
      } else {
        attempt = await (await import('./resume-job.ts')).resumeJob(session, job, flags.dataDir);
      }
      const summary = await followJob(cloud.objects, job, attempt, bell, (s) => flags.json ?? progress.show(s), signal);
      progress.clear();
      // The tick that saw the job end may still be telling somebody.
      if (process.env[optionTable.webhookUrl.env]) await cloud.tick();
      const [code] = await Promise.all([finish(session, summary, flags), cloud.endWork()]);
      return code;
    });
  } catch (error) {
    progress.clear();
    if (error instanceof Interrupted) {
      say(isBegun ? `Stopped. Finish the job with: urldrop run --resume ${job}${repeatedFlags(flags)}` : 'Stopped before the job began.');
      return exitCodes.failed;
    }
    if (error instanceof CommandFailure) throw new CommandFailure(`Job ${job} cannot go on. ${error.message}`, { cause: error });
    throw error;
  }
}

/** A job interrupted earlier does not go on by itself: its user may have changed their mind. */
async function tellOfOthers(objects: ObjectStore, job: string, say: (line: string) => void): Promise<void> {
  const others = await Array.fromAsync(objects.list(prefixes.active), ({ key }) => activeJobOf(key));
  const waiting = [...new Set(others)].filter((other) => other !== job);
  if (waiting.length > 0) say(`Interrupted earlier and waiting: ${waiting.join(', ')} (urldrop run --resume JOB)`);
}

/** Exports, prints the closing words and finds the exit code. */
async function finish({ cloud }: LocalSession, summary: Summary, flags: RunFlags): Promise<number> {
  if (flags.out !== undefined || !flags.json) {
    const { exportTo, exportToStream } = await import('./export-results.ts');
    if (flags.out !== undefined) await exportTo(cloud.objects, summary, flags.out);
    else await exportToStream(cloud.objects, summary, process.stdout);
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
  else {
    const { summaryText } = await import('./summary-text.ts');
    const lines = summaryText(summary).split('\n').map(printable);
    if (flags.out !== undefined) lines.push(`Results: ${flags.out}`);
    lines.push(`Kept in ${flags.dataDir}: urldrop export ${summary.id} --out FILE`);
    process.stderr.write(`${lines.join('\n')}\n`);
  }
  if (summary.state === 'cancelled') return exitCodes.failed;
  return flags.strict && summary.requests.failed > 0 ? exitCodes.failed : exitCodes.done;
}

interface Choice {
  readonly name: string;
  readonly recipe?: Recipe;
  readonly scraper?: Scraper;
  /** Whether there is such a scraper; else it can only be a recipe that lies in the bucket. */
  readonly isKnown: boolean;
}

/**
 * @throws {UsageError} code `unknown-scraper`, with the nearest name, where nothing has run here that could hold a recipe; what is wrong
 * with the recipe's file.
 */
async function chooseScraper(flags: RunFlags, mustStart: boolean): Promise<Choice> {
  const { scraper: name = 'page', recipe: file, resume, dataDir } = flags;
  // A job has its scraper, and the default is there: the others are loaded only to be sure of their names.
  if (resume !== undefined || (name === 'page' && file === undefined && !mustStart)) return { name, isKnown: true };
  const { scraperNamed, scraperOfRecipeFile, unknownScraper } = await import('./choose-scraper.ts');
  if (file !== undefined) {
    const { scraper, recipe } = await scraperOfRecipeFile(file);
    return { name: scraper.name, scraper, ...(recipe && { recipe }), isKnown: true };
  }
  const scraper = scraperNamed(name);
  if (!scraper && !existsSync(dataDir)) throw unknownScraper(name);
  return { name, ...(scraper && { scraper }), isKnown: scraper !== undefined };
}

/** @throws {UsageError} code `input`: there is no input, and the scraper does not say where it begins. */
function checkStart({ name, start }: Scraper): void {
  if (start !== undefined) return;
  throw new UsageError(
    'input',
    `Nothing to scrape: scraper ${name} has no start of its own. Name a file of URLs, URLs, or - for the standard input.`,
  );
}

/** What the job allows on one host, as far as it is known before scrapers are loaded: with little allowed, one thread is enough. */
function politenessOf({ concurrency, delay }: RunFlags, { scraper }: Choice): { concurrency: number; delay: number } {
  return { concurrency: concurrency ?? scraper?.politeness.concurrency ?? 1, delay: delay ?? scraper?.politeness.delay ?? 0 };
}

function jobOptionsOf(flags: RunFlags): JobOptions {
  const { concurrency, delay, timeout, retries, giveUpAfter, maxBytes, maxDepth, maxRequests, robots, budget } = flags;
  const options = { concurrency, delay, timeout, retries, giveUpAfter, maxBytes, maxDepth, maxRequests, robots, budget };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What a resumed run must be told again: it is not the job's but this machine's. */
function repeatedFlags(flags: RunFlags): string {
  return [
    flags.dataDir === '.urldrop' ? '' : ` --data-dir ${flags.dataDir}`,
    flags.allowPrivate ? ' --allow-private' : '',
    flags.proxies ? ` --proxies ${flags.proxies.file}` : '',
    flags.out === undefined ? '' : ` --out ${flags.out}`,
  ].join('');
}
