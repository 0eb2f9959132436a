import { sendBatches } from '../aws/cloud.ts';
import { LanePace } from '../fetch/lane-pace.ts';
import { RequestError } from '../job/errors.ts';
import type { Batch, RetryOrder } from '../job/batch.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { hostOfLane } from '../job/host-tally.ts';
import { laneConcurrency, laneOf, shardOf, type LaneRule } from '../job/lane.ts';
import type { PageUpdate } from '../job/page-memory.ts';
import type { Outcome } from '../job/outcome.ts';
import type { Request } from '../job/request.ts';
import { scraperOfJob } from '../scraper/job-scraper.ts';
import type { Scraper } from '../scraper/types.ts';
import { Claims } from './claims.ts';
import { followDrafts, makeChildren, pendingDrafts, restDraft, retryDraft, splitDrafts } from './children.ts';
import type { IdleWatch } from './idle-watch.ts';
import { scraperOf, type JobBook } from './job-book.ts';
import { encodeClaims, type LaneState } from './lane-state.ts';
import { LineWriter } from '../job/line-writer.ts';
import { errorLine } from '../job/error-line.ts';
import { PageChanges } from './page-changes.ts';
import { PageSink } from './page-sink.ts';
import { RequestSource } from '../job/request-source.ts';
import { clearSuperseded, takeFailed, type Taken } from './retry-failed.ts';
import { Slice, type SliceEnd } from './slice.ts';
import { sliceEndMs, type SliceTime } from './slice-time.ts';
import { sweepLane } from './sweep.ts';
import { DEATHS, StartRecord } from './start-record.ts';
import { TallyCounter } from '../job/tally.ts';
import type { Tools } from './tools.ts';
import type { UsageShare } from '../job/usage-share.ts';

/** A batch as SQS delivered it. */
export interface Delivery {
  readonly batch: Batch;
  readonly receiptHandle: string;
  /** Above 1: an earlier function may have died on it. */
  readonly receiveCount: number;
}

/** What the batches of one invocation share. */
export interface Invocation extends SliceTime {
  readonly tools: Tools;
  readonly jobs: JobBook;
  readonly usage: UsageShare;
  readonly idle: IdleWatch;
  /** What is under way then is given up. */
  readonly hardEndMs: number;
}

type OutcomeParts = Pick<Outcome, 'children'> & Partial<Pick<Outcome, 'claims' | 'cookies' | 'pages' | 'retried' | 'superseded'>>;

/**
 * The exactly-once protocol for one batch, steps 0 to 8 of ARCHITECTURE.md. The outcome is the commit point: before it
 * nothing has been sent or marked seen, after it only what it names is.
 *
 * @throws what S3 or SQS answered: the batch is not committed or not finished, and must come back.
 */
export async function runBatch(invocation: Invocation, state: LaneState, delivery: Delivery): Promise<Outcome | undefined> {
  const { cloud } = invocation.tools;
  const { batch } = delivery;
  const key = keys.outcome(batch.job, batch.id);
  const [known, job] = await Promise.all([cloud.objects.getJson<Outcome>(key), invocation.jobs.get(batch.job)]);
  if (!job) {
    invocation.tools.log.warn('A batch of a job that is gone is dropped.', { job: batch.job, batch: batch.id });
    await cloud.requests.delete(delivery.receiptHandle);
    return undefined;
  }
  const outcome = known ?? (await work(invocation, state, delivery, job));
  // In this order: a repeat after a crash in between does the rest again, and each step bears it.
  if (outcome.superseded) await clearSuperseded(cloud.objects, outcome.superseded);
  await sendBatches(cloud, outcome.children, invocation.tools.now());
  if (outcome.claims !== undefined) await state.addSeen(batch.job, outcome.claims);
  if (outcome.pages) await state.rememberPages(batch, job.scraper);
  if (outcome.cookies !== undefined) await state.saveCookies(batch.job, outcome.cookies);
  await state.saveHost();
  await cloud.requests.delete(delivery.receiptHandle);
  return outcome;
}

/** Steps 0 to 5 for a batch without an outcome. */
async function work(invocation: Invocation, state: LaneState, delivery: Delivery, job: Job): Promise<Outcome> {
  const { tools, jobs } = invocation;
  const { batch } = delivery;
  const startedAt = new Date(tools.now()).toISOString();
  const isRepeat = delivery.receiveCount > 1;
  const commit = (parts: OutcomeParts, tally: TallyCounter) => commitOutcome(invocation, batch, startedAt, parts, tally);

  if (await jobs.isCancelled(job.id)) {
    const tally = new TallyCounter();
    tally.skip('cancelled', batch.count);
    if (isRepeat) await removeStale(tools, job, batch);
    return commit({ children: [] }, tally);
  }
  const scraper = scraperOfJob(tools.scrapers, job);
  const buried = batch.buried && new RequestError('crash', 'Its batch was delivered again and again and never finished.');
  if (batch.retry) {
    const rule = { groupBy: scraper instanceof RequestError ? 'host' : scraper.politeness.groupBy, lanes: job.lanes } as const;
    const nothing = { requests: [], rest: undefined };
    const { requests, rest, ...taken } = buried ? nothing : await takeUp(invocation, batch, job, batch.retry, rule);
    const drafts = [...(rest ? [retryDraft(batch, rest)] : []), ...followDrafts(requests, rule)];
    return commit({ children: await makeChildren(tools.cloud.objects, batch, drafts, tools.now()), ...taken }, new TallyCounter());
  }
  if (buried) return commitSlice(invocation, state, batch, job, scraper, startedAt, buried);
  if (batch.sweep) {
    const tally = new TallyCounter();
    const memory = await state.pages(job.scraper);
    const forgotten = await sweepLane(tools.cloud.objects, job, batch, memory, tally, tools.now());
    if (isRepeat && forgotten.length === 0) await removeStale(tools, job, batch);
    return commit({ children: [], ...(await keepUpdates(tools, batch, forgotten)) }, tally);
  }
  if (isRepeat && batch.count > 1) {
    // What the earlier run wrote without committing must not stay beside the results of the parts.
    await removeStale(tools, job, batch);
    return commit({ children: await makeChildren(tools.cloud.objects, batch, splitDrafts(batch), tools.now()) }, new TallyCounter());
  }
  if (!isRepeat) return commitSlice(invocation, state, batch, job, scraper, startedAt);

  const starts = new StartRecord(tools.cloud, batch);
  if ((await starts.count()) >= DEATHS) {
    const error = new RequestError(
      'crash',
      `Functions died ${DEATHS} times on this request alone (out of memory, or over the time limit).`,
    );
    return commitSlice(invocation, state, batch, job, scraper, startedAt, error);
  }
  await starts.begin();
  try {
    return await commitSlice(invocation, state, batch, job, scraper, startedAt);
  } catch (error) {
    // Ended in good order: a write that failed is no death.
    await starts.end();
    throw error;
  }
}

/** The failed requests that a batch of a further attempt takes up: half of the slice is for finding them, half for what comes of it. */
function takeUp({ tools, endMs }: Invocation, { attempt = 1 }: Batch, job: Job, order: RetryOrder, rule: LaneRule): Promise<Taken> {
  const nowMs = tools.now();
  const hostOf = (url: string): string => hostOfLane(laneOf(url, rule));
  return takeFailed(tools.cloud.objects, job, attempt, order, hostOf, tools.now, nowMs + Math.max(1, (endMs - nowMs) / 2));
}

/** Steps 2 to 5: works a slice of the batch and commits it. With a verdict, every request fails with it instead. */
async function commitSlice(
  invocation: Invocation,
  state: LaneState,
  batch: Batch,
  job: Job,
  known: Scraper | RequestError,
  startedAt: string,
  verdict?: RequestError,
): Promise<Outcome> {
  const { tools } = invocation;
  const { cloud } = tools;
  const tally = new TallyCounter(batch.attempt);
  const results = new LineWriter(cloud.objects, keys.results(job, batch.id));
  const errors = new LineWriter(cloud.objects, keys.errors(job, batch.id, batch.attempt));
  const changed = new LineWriter(cloud.objects, keys.changes(job, batch.id));
  const source = new RequestSource(cloud.objects, batch);
  try {
    await state.load(job.id, !job.unique);
    let changes: PageChanges | undefined;
    const claims = new Claims(job.unique ? undefined : state.seen(job.id));
    let end: SliceEnd;
    let follows: Iterable<Request> = [];
    let changedCookies: readonly object[] | undefined;
    const isThere = !(known instanceof RequestError);
    const laneRule = { groupBy: isThere ? known.politeness.groupBy : 'host', lanes: job.lanes } as const;
    if (verdict || !isThere) {
      const error = verdict ?? (known as RequestError);
      end = await failAll(source, claims, error, isThere ? known.firstPage : '', errors, tally, tools.now);
    } else {
      const scraper = scraperOf(job, known);
      if (job.incremental) changes = new PageChanges(await state.pages(job.scraper), scraper, tools.now);
      const sink = new PageSink({ results, errors, changed, changes, tally, scraper, job: job.id, now: tools.now });
      const { delay: delayMs, concurrency } = scraper.politeness;
      const pace = new LanePace(
        {
          concurrency: laneConcurrency(batch.lane, concurrency, job.lanes, job.laneShares),
          delayMs,
          share: { lane: shardOf(batch.lane, job.lanes), lanes: job.lanes },
          random: tools.random,
        },
        state.pace,
      );
      const cookies = scraper.request.cookies === 'keep' ? await state.cookies(job.id) : undefined;
      const cookiesBefore = JSON.stringify(cookies?.toState(tools.now()));
      const isCancelled = () => invocation.jobs.isCancelled(job.id);
      const { idle, hardEndMs } = invocation;
      const slice = new Slice({
        tools,
        job,
        scraper,
        lane: batch.lane,
        laneRule,
        state,
        pace,
        source,
        claims,
        cookies,
        changes,
        sink,
        idle,
        get endMs() {
          return sliceEndMs(invocation, pace.latencyMs);
        },
        hardEndMs,
        isCancelled,
      });
      try {
        end = await slice.run();
      } finally {
        // Also where the slice cannot be committed: what went out to the host has gone out.
        state.pace = pace.toState();
      }
      const cookiesAfter = cookies?.toState(tools.now());
      if (cookiesAfter && JSON.stringify(cookiesAfter) !== cookiesBefore) changedCookies = cookiesAfter;
      // What this very lane has had is left out here: most links of a site lead back to what is known.
      const isNews = (request: Request) => laneOf(request.url, laneRule) !== batch.lane || !claims.knows(request);
      if (!end.cancelled) follows = sink.follows.values().filter(isNews);
    }
    const drafts = [];
    if (end.cancelled) tally.skip('cancelled', batch.count - end.taken + end.pending.length);
    else drafts.push(...restDraft(batch, end.taken, end.notBeforeMs), ...pendingDrafts(end.pending, laneRule));
    const followed = followDrafts(follows, laneRule);
    tally.followed = followed.reduce((sum, draft) => sum + draft.count, 0);
    const children = await makeChildren(cloud.objects, batch, [...drafts, ...followed], tools.now());
    const kept = await keepUpdates(tools, batch, changes?.updates ?? []);
    const stale = { results: results.lines === 0, errors: errors.lines === 0, changes: changed.lines === 0 };
    await Promise.all([results.close(), errors.close(), changed.close(), removeStale(tools, job, batch, stale)]);
    return await commitOutcome(
      invocation,
      batch,
      startedAt,
      { children, ...kept, ...(!job.unique && { claims: encodeClaims(claims.made) }), ...(changedCookies && { cookies: changedCookies }) },
      tally,
    );
  } catch (error) {
    await Promise.all([results.abort(), errors.abort(), changed.abort()]);
    throw error;
  } finally {
    await source.close();
  }
}

async function commitOutcome(
  invocation: Invocation,
  batch: Batch,
  startedAt: string,
  parts: OutcomeParts,
  tally: TallyCounter,
): Promise<Outcome> {
  tally.proxies = invocation.tools.fetcher.takeProxyCounts();
  const outcome: Outcome = {
    v: 1,
    job: batch.job,
    batch: batch.id,
    lane: batch.lane,
    startedAt,
    committedAt: new Date(invocation.tools.now()).toISOString(),
    ...tally.reading(),
    ...parts,
    usage: invocation.usage.take(),
  };
  await invocation.tools.cloud.objects.putJson(keys.outcome(batch.job, batch.id), outcome);
  return outcome;
}

/** Ends every request of the batch with one error. */
async function failAll(
  source: RequestSource,
  claims: Claims,
  error: RequestError,
  firstPage: string,
  errors: LineWriter,
  tally: TallyCounter,
  now: () => number,
): Promise<SliceEnd> {
  let taken = 0;
  for (;;) {
    const next = source.take() ?? ((await source.load()) ? source.take() : undefined);
    if (!next) break;
    taken++;
    const request = claims.claim(next);
    if (!request) {
      tally.skip('duplicate');
      continue;
    }
    tally.failed++;
    tally.error(error.code, request.url, error.message);
    await errors.write(errorLine(request, error, firstPage, new Date(now())));
  }
  return { taken, pending: [], notBeforeMs: 0, cancelled: false };
}

/** Writes what the lane is to remember, before the outcome that names it. */
async function keepUpdates({ cloud }: Tools, batch: Batch, updates: readonly PageUpdate[]): Promise<Pick<Outcome, 'pages'>> {
  if (updates.length === 0) return {};
  await cloud.objects.putJson(keys.pageUpdates(batch.job, batch.id), updates);
  return { pages: true };
}

/** An earlier run of the batch may have written objects that this one does not overwrite. */
async function removeStale(
  tools: Tools,
  job: Job,
  batch: Batch,
  { results, errors, changes } = { results: true, errors: true, changes: true },
): Promise<void> {
  const { objects } = tools.cloud;
  await Promise.all([
    results ? objects.delete(keys.results(job, batch.id)) : undefined,
    errors ? objects.delete(keys.errors(job, batch.id, batch.attempt)) : undefined,
    changes && job.incremental ? objects.delete(keys.changes(job, batch.id)) : undefined,
  ]);
}
