import { createHash } from 'node:crypto';
import { getDomain } from 'tldts';

/** What an invocation of a function on AWS bears well. */
const MAX_LANE_CONCURRENCY = 64;

/** With fewer in flight a further lane costs more than it brings: links between lanes travel in messages of their own. */
const MIN_LANE_CONCURRENCY = 8;

/** How a scraper's politeness maps hosts to lanes. */
export interface LaneRule {
  /** `site` puts all hosts of a registrable domain (Public Suffix List) into one lane. */
  readonly groupBy: 'host' | 'site';
  /** Lanes per host, at least 1: a URL always lands in the same one. */
  readonly lanes: number;
}

/**
 * Lanes that a host gets.
 *
 * @param concurrency - requests in flight allowed on one host, at least 1.
 * @param delayMs - pause between two requests to one host; any pause means one lane, since only one owner can keep it.
 * @param options.minLanes - lanes wanted where the concurrency allows them; absent: 1.
 * @param options.maxPerLane - requests in flight that one invocation holds for one lane; a host allowed more gets several. Absent: 64.
 */
export function lanesFor(
  concurrency: number,
  delayMs: number,
  { minLanes = 1, maxPerLane = MAX_LANE_CONCURRENCY }: { readonly minLanes?: number; readonly maxPerLane?: number } = {},
): number {
  if (delayMs > 0) return 1;
  const wanted = Math.min(minLanes, Math.floor(concurrency / MIN_LANE_CONCURRENCY));
  return Math.max(1, Math.ceil(concurrency / maxPerLane), wanted);
}

/**
 * Divides a host's concurrency among its lanes by the requests that each has: equal shares would leave the fuller lanes with a second
 * round to go when the others are done, for hashes fill lanes evenly only in the long run.
 *
 * @param counts - requests of each lane; some lane has any.
 * @returns for each lane at least 1; together no more than the concurrency, where that gives each lane 1.
 */
export function laneShares(counts: readonly number[], concurrency: number): number[] {
  const weights = counts.map((count) => Math.max(1, count));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // With enough for all, each lane gets what it has at least; with less, no lane gets nothing.
  const least = concurrency >= total ? 0 : 1;
  const spare = Math.max(0, concurrency - least * counts.length);
  let before = 0;
  let given = 0;
  return weights.map((weight) => {
    // By running sums, so that nothing is lost to rounding.
    before += weight;
    const share = Math.floor((spare * before) / total) - given;
    given += share;
    return least + share;
  });
}

/** The number of a lane among those of its host, from 0. */
export function shardOf(lane: string, lanes: number): number {
  return lanes <= 1 ? 0 : Number(lane.slice(lane.lastIndexOf('#') + 1));
}

/**
 * What one of a host's lanes may have in flight: the lanes' shares add up to the host's concurrency.
 *
 * @param shares - of each lane, where the job has divided the concurrency itself.
 */
export function laneConcurrency(lane: string, concurrency: number, lanes: number, shares?: readonly number[]): number {
  if (lanes <= 1) return concurrency;
  const shard = shardOf(lane, lanes);
  return shares?.[shard] ?? Math.max(1, Math.floor(concurrency / lanes) + (shard < concurrency % lanes ? 1 : 0));
}

/** SQS allows 128 characters in a MessageGroupId (AWS SQS SendMessage); a longer host keeps its tail and a hash. */
const MAX_HOST_CHARS = 100;

/**
 * The lane (FIFO message group) of a URL.
 *
 * @param url - absolute http(s) URL in normal form.
 * @returns `host[:port]`, or the registrable domain, with `#n` where the host has several lanes; at most 128 characters.
 */
export function laneOf(url: string, rule: LaneRule): string {
  const host = hostOf(url);
  let group = rule.groupBy === 'site' ? siteOf(host) : host;
  if (group.length > MAX_HOST_CHARS) group = `${hash32(group).toString(16)}~${group.slice(-MAX_HOST_CHARS)}`;
  return rule.lanes > 1 ? `${group}#${hash32(url) % rule.lanes}` : group;
}

/** Host and, where it is not the scheme's default, port: sliced rather than parsed, since this runs once per URL of a job. */
export function hostOf(url: string): string {
  const start = url.indexOf('//') + 2;
  let end = start;
  for (; end < url.length; end++) {
    const c = url.charCodeAt(end);
    if (c === 47 || c === 63 || c === 35) break;
  }
  const at = url.lastIndexOf('@', end - 1);
  return url.slice(at >= start ? at + 1 : start, end);
}

function siteOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

/** FNV-1a over UTF-16 units with a final mix: lanes of a host fill evenly and a URL keeps its lane on every machine. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  return h >>> 0;
}

/** Names a lane in object keys: hosts hold characters that keys should not, and keys of one length list alike everywhere. */
export function laneKey(lane: string): string {
  return createHash('sha256').update(lane).digest('hex').slice(0, 32);
}
