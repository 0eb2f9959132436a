import type { ObjectStore } from '../aws/objects.ts';
import { keys, prefixes } from '../job/keys.ts';
import { addHosts } from '../job/host-tally.ts';
import type { Outcome } from '../job/outcome.ts';
import { RecentOutcomes, type RecentText } from './recent-outcomes.ts';
import { addRetried, addTally, addUsage, emptyRetried, emptyTally, emptyUsage, type Folded } from '../job/summary.ts';

/**
 * What report has folded of a job, `jobs/<job>/fold.json.gz`. It holds sums and the hashes of the last minutes only: an outcome
 * older than those was folded for certain, since S3 shows an object as soon as it is written.
 */
export interface FoldState extends Folded {
  readonly v: 1;
  /** Those folded whose objects are no older than {@link MARGIN_MS} before the watermark, to the minute. */
  readonly recent: RecentText;
  /** Newest object folded when a listing last went through, ms (S3's clock). */
  readonly watermarkMs: number;
}

/** Longer than any write of an outcome can take, the function's time limit and the SDK's own repeats included. */
const MARGIN_MS = 15 * 60_000;
/** Outcomes fetched at once, over all shards: with as many requests in them as an outcome may carry they take some 25 MB. */
const READ_AT_ONCE = 32;
/** Ids are hexadecimal, so these prefixes cut a job's outcomes into equal parts that are listed side by side. */
const SHARDS = '0123456789abcdef';
/** Of them at once: a page of a listing takes a megabyte or two until it is worked off. */
const LISTED_AT_ONCE = 4;
/** Below this many outcomes one listing is as quick as several, and a sixteenth of the price. */
const SHARD_FROM_OUTCOMES = 4_000;

export const emptyFold: FoldState = {
  v: 1,
  tally: emptyTally,
  usage: emptyUsage,
  outcomes: 0,
  children: 0,
  hosts: {},
  recent: {},
  watermarkMs: 0,
};

/** What was folded of a job so far. */
export async function readFold(objects: ObjectStore, job: string): Promise<FoldState> {
  return (await objects.getJson<FoldState>(keys.fold(job))) ?? emptyFold;
}

/**
 * Folds the outcomes that are new since the last time. Memory and reads follow what is new; the listing, at a thousand keys
 * a call, is all that follows the whole.
 *
 * @param untilMs - stops reading at this time: what is not folded then is folded next time.
 */
export async function foldNew(objects: ObjectStore, job: string, state: FoldState, now: () => number, untilMs: number): Promise<FoldState> {
  const shards =
    state.outcomes >= SHARD_FROM_OUTCOMES ? Array.from(SHARDS, (digit) => prefixes.outcomes(job) + digit) : [prefixes.outcomes(job)];
  let folded = {
    tally: state.tally,
    usage: state.usage,
    outcomes: state.outcomes,
    children: state.children,
    hosts: { ...state.hosts },
    lastCommitAt: state.lastCommitAt ?? '',
    retried: state.retried,
  };
  const known = RecentOutcomes.decode(state.recent);
  const recent = RecentOutcomes.decode(state.recent);
  let listed = 0;
  let newestMs = state.watermarkMs;
  let isWhole = true;
  const foldAll = async (found: readonly { id: string; modifiedMs: number }[]): Promise<void> => {
    const outcomes = await Promise.all(found.map(({ id }) => objects.getJson<Outcome>(keys.outcome(job, id))));
    for (const [i, outcome] of outcomes.entries()) {
      const entry = found[i];
      if (!outcome || !entry) continue;
      folded = {
        tally: addTally(folded.tally, outcome),
        usage: addUsage(folded.usage, outcome.usage),
        outcomes: folded.outcomes + 1,
        children: folded.children + outcome.children.length,
        hosts: addHosts(folded.hosts, outcome),
        lastCommitAt: outcome.committedAt > folded.lastCommitAt ? outcome.committedAt : folded.lastCommitAt,
        retried: outcome.retried ? addRetried(folded.retried ?? emptyRetried, outcome.retried) : folded.retried,
      };
      recent.add(entry.id, entry.modifiedMs);
      newestMs = Math.max(newestMs, entry.modifiedMs);
    }
  };
  const listers = Math.min(LISTED_AT_ONCE, shards.length);
  const foldShard = async (prefix: string): Promise<void> => {
    let found: { id: string; modifiedMs: number }[] = [];
    for await (const { key, modifiedAt } of objects.list(prefix)) {
      if (now() >= untilMs) {
        isWhole = false;
        return;
      }
      listed++;
      const modifiedMs = modifiedAt.getTime();
      const id = key.slice(key.lastIndexOf('/') + 1, -'.json'.length);
      if (modifiedMs < state.watermarkMs - MARGIN_MS || known.has(id)) continue;
      found.push({ id, modifiedMs });
      if (found.length === READ_AT_ONCE / listers) {
        await foldAll(found);
        found = [];
      }
    }
    await foldAll(found);
  };
  // One iterator for all listers: each takes the next shard.
  const waiting = shards.values();
  const listShards = async (): Promise<void> => {
    for (const prefix of waiting) await foldShard(prefix);
  };
  await Promise.all(Array.from({ length: listers }, listShards));
  // An outcome was passed over, taken for one that shares its hash: counting afresh looks at each by its key.
  if (isWhole && listed > folded.outcomes && state !== emptyFold) return foldNew(objects, job, emptyFold, now, untilMs);
  const { lastCommitAt, retried, ...sums } = folded;
  // A listing that was cut short may have passed over old outcomes: the watermark stays, and they are found next time.
  const watermarkMs = isWhole ? newestMs : state.watermarkMs;
  return {
    v: 1,
    ...sums,
    ...(lastCommitAt && { lastCommitAt }),
    ...(retried && { retried }),
    recent: recent.encode(watermarkMs - MARGIN_MS),
    watermarkMs,
  };
}
