import type { ObjectStore } from '../aws/objects.ts';
import { batchId, MAX_INLINE_BYTES, REQUESTS_PER_MEMBER, type Batch, type RetryOrder, type SegmentRange } from '../job/batch.ts';
import { keys } from '../job/keys.ts';
import { laneOf, type LaneRule } from '../job/lane.ts';
import { targetOf, type Request } from '../job/request.ts';
import { memberTexts, restOf, writeSegment } from '../job/segment.ts';
import type { Pending } from './slice-job.ts';

/** Inline requests of all children of one outcome; beyond it they go to a segment, since report reads every outcome. */
const MAX_OUTCOME_INLINE_BYTES = 256 * 1024;
/** Batches that a suspect one is split into: enough that a killer stands alone after few deaths, few enough to be cheap. */
const SPLIT_INTO = 16;

/** A child before it has its id and its place. */
interface Draft {
  readonly lane: string;
  readonly count: number;
  readonly notBeforeMs: number;
  readonly requests?: readonly Request[];
  readonly segment?: SegmentRange;
  readonly retry?: RetryOrder;
}

/** The next batch of a chain that takes up failed requests. */
export function retryDraft(batch: Batch, retry: RetryOrder): Draft {
  return { lane: batch.lane, count: 0, notBeforeMs: 0, retry };
}

/** What is left of a batch after its first `taken` requests. */
export function restDraft(batch: Batch, taken: number, notBeforeMs: number): Draft[] {
  return taken >= batch.count ? [] : [partOf(batch, taken, batch.count - taken, notBeforeMs)];
}

/** Cuts a batch that may hold a killer into smaller ones. */
export function splitDrafts(batch: Batch): Draft[] {
  const size = Math.ceil(batch.count / SPLIT_INTO);
  const drafts: Draft[] = [];
  for (let at = 0; at < batch.count; at += size) drafts.push(partOf(batch, at, Math.min(size, batch.count - at), 0));
  return drafts;
}

function partOf(batch: Batch, from: number, count: number, notBeforeMs: number): Draft {
  const part = { lane: batch.lane, count, notBeforeMs };
  if (batch.segment) {
    const range = restOf(batch.segment, from);
    return { ...part, segment: { ...range, members: range.members.slice(0, Math.ceil((range.skip + count) / REQUESTS_PER_MEMBER)) } };
  }
  return { ...part, requests: (batch.requests ?? []).slice(from, from + count) };
}

/** Requests that go on, by the lane they now belong to; those of one lane wait together for the last of them. */
export function pendingDrafts(pending: readonly Pending[], rule: LaneRule): Draft[] {
  const lanes = new Map<string, { requests: Request[]; notBeforeMs: number }>();
  for (const { request, dueMs } of pending) {
    const lane = laneOf(targetOf(request), rule);
    const group = lanes.get(lane);
    if (!group) lanes.set(lane, { requests: [request], notBeforeMs: dueMs });
    else {
      group.requests.push(request);
      group.notBeforeMs = Math.max(group.notBeforeMs, dueMs);
    }
  }
  return [...lanes].map(([lane, { requests, notBeforeMs }]) => ({ lane, count: requests.length, notBeforeMs, requests }));
}

/** New requests found on pages, by lane. */
export function followDrafts(follows: Iterable<Request>, rule: LaneRule): Draft[] {
  return pendingDrafts(
    Array.from(follows, (request) => ({ request, dueMs: 0 })),
    rule,
  );
}

/**
 * Turns drafts into the children that the outcome names. Small ones travel inside their messages, the others go to one
 * segment under the parent's id: it is written before the outcome, so a child never points to nothing.
 *
 * @param nowMs - drafts due by now get no `notBefore`.
 */
export async function makeChildren(objects: ObjectStore, parent: Batch, drafts: readonly Draft[], nowMs: number): Promise<Batch[]> {
  let inlineBytes = 0;
  const large: { readonly at: number; readonly requests: readonly Request[] }[] = [];
  const children = drafts.map((draft, at): Batch => {
    const child = {
      v: 1 as const,
      job: parent.job,
      id: batchId(parent.id, String(at)),
      lane: draft.lane,
      count: draft.count,
      ...(parent.attempt !== undefined && { attempt: parent.attempt }),
      ...(draft.notBeforeMs > nowMs && { notBefore: Math.ceil(draft.notBeforeMs) }),
    };
    if (draft.segment) return { ...child, segment: draft.segment };
    if (draft.retry) return { ...child, retry: draft.retry };
    const requests = draft.requests ?? [];
    const bytes = Buffer.byteLength(JSON.stringify(requests));
    if (bytes <= MAX_INLINE_BYTES && inlineBytes + bytes <= MAX_OUTCOME_INLINE_BYTES) {
      inlineBytes += bytes;
      return { ...child, requests };
    }
    large.push({ at, requests });
    return child;
  });
  if (large.length > 0) {
    const key = keys.segment(parent.job, parent.id);
    const ranges = await writeSegment(
      objects,
      key,
      large.map(({ requests }) => memberTexts(requests)),
    );
    for (const [n, { at }] of large.entries()) {
      const child = children[at];
      const segment = ranges[n];
      if (child && segment) children[at] = { ...child, segment };
    }
  }
  return children;
}
