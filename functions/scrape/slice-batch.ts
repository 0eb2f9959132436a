import { LanePace } from '../fetch/lane-pace.ts';
import type { Batch } from '../job/batch.ts';
import { errorLine } from '../job/error-line.ts';
import { RequestError } from '../job/errors.ts';
import type { Job } from '../job/job.ts';
import { laneConcurrency, laneOf, shardOf } from '../job/lane.ts';
import type { LineWriter } from '../job/line-writer.ts';
import type { Outcome } from '../job/outcome.ts';
import type { Request } from '../job/request.ts';
import { RequestSource } from '../job/request-source.ts';
import { TallyCounter } from '../job/tally.ts';
import type { Scraper } from '../scraper/types.ts';
import { BatchObjects } from './batch-objects.ts';
import { followDrafts, makeChildren, pendingDrafts, restDraft } from './children.ts';
import { Claims } from './claims.ts';
import { commitOutcome, keepUpdates } from './commit.ts';
import type { Invocation } from './delivery.ts';
import { scraperOf } from './job-book.ts';
import { encodeClaims, type LaneState } from './lane-state.ts';
import { PageChanges } from './page-changes.ts';
import { PageSink } from './page-sink.ts';
import type { SliceEnd } from './slice-job.ts';
import { sliceEndMs } from './slice-time.ts';
import { Slice } from './slice.ts';

/** Steps 2 to 5: works a slice of the batch and commits it. With a verdict, every request fails with it instead. */
export async function commitSlice(
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
  const written = new BatchObjects(cloud.objects, job, batch);
  const source = new RequestSource(cloud.objects, batch);
  let hostSaved: Promise<void> | undefined;
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
      end = await failAll(source, claims, error, isThere ? known.firstPage : '', written.errors, tally, tools.now);
    } else {
      const scraper = scraperOf(job, known);
      if (job.incremental) changes = new PageChanges(await state.pages(job.scraper), scraper, tools.now);
      const sink = new PageSink({ written, changes, tally, scraper, job: job.id, now: tools.now });
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
      // While the results are written: it holds whether or not they are committed. What fails is tried again behind the commit.
      hostSaved = state.saveHost().catch(() => undefined);
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
    await written.close();
    return await commitOutcome(
      invocation,
      batch,
      startedAt,
      { children, ...kept, ...(!job.unique && { claims: encodeClaims(claims.made) }), ...(changedCookies && { cookies: changedCookies }) },
      tally,
    );
  } catch (error) {
    await written.abort();
    throw error;
  } finally {
    await Promise.all([source.close(), hostSaved]);
  }
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
