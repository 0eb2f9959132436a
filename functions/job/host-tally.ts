import type { Outcome } from './outcome.ts';

/** What a host has cost and failed so far. */
export interface HostTally {
  readonly fetches: number;
  /** Time of its fetches together, ms. */
  readonly fetchMs: number;
  readonly failed: number;
}

export type HostTallies = Readonly<Record<string, HostTally>>;

/** A host in a summary. */
export interface HostSummary extends HostTally {
  readonly host: string;
}

/** Hosts kept of a job: with as many or fewer the figures are exact, beyond that those of the hosts that matter most. */
const MAX_HOSTS = 200;
/** Hosts in a summary. */
const SHOWN = 5;

/** The host, or site, of a lane. */
export function hostOfLane(lane: string): string {
  return lane.replace(/#\d+$/, '');
}

/**
 * Adds an outcome to the figures of its host.
 *
 * @param sum - changed; a copy per outcome would cost more than reading it.
 * @returns the figures, fewer hosts of them where there are too many.
 */
export function addHosts(sum: Record<string, HostTally>, { lane, fetches, fetchMs, failed, retried }: Outcome): Record<string, HostTally> {
  const add = (host: string, more: HostTally): void => {
    const known = sum[host] ?? { fetches: 0, fetchMs: 0, failed: 0 };
    sum[host] = { fetches: known.fetches + more.fetches, fetchMs: known.fetchMs + more.fetchMs, failed: known.failed + more.failed };
  };
  if (fetches > 0 || failed > 0) add(hostOfLane(lane), { fetches, fetchMs, failed });
  for (const [name, count] of Object.entries(retried?.hosts ?? {})) add(name, { fetches: 0, fetchMs: 0, failed: -count });
  const entries = Object.entries(sum);
  if (entries.length <= 2 * MAX_HOSTS) return sum;
  const kept = new Set([
    ...entries.toSorted(([, a], [, b]) => b.fetchMs - a.fetchMs).slice(0, MAX_HOSTS / 2),
    ...entries.toSorted(([, a], [, b]) => b.failed - a.failed).slice(0, MAX_HOSTS / 2),
  ]);
  return Object.fromEntries(kept);
}

const mean = ({ fetchMs, fetches }: HostTally): number => fetchMs / fetches;

/** Those that take longest for a page, on average. */
export function slowestHosts(tallies: HostTallies): HostSummary[] {
  return first(
    tallies,
    ({ fetches }) => fetches > 0,
    (a, b) => mean(b) - mean(a),
  );
}

/** Those with the most failed requests. */
export function failingHosts(tallies: HostTallies): HostSummary[] {
  return first(
    tallies,
    ({ failed }) => failed > 0,
    (a, b) => b.failed - a.failed,
  );
}

function first(tallies: HostTallies, counts: (t: HostTally) => boolean, compare: (a: HostTally, b: HostTally) => number): HostSummary[] {
  const hosts = Object.entries(tallies).map(([host, tally]) => ({ host, ...tally }));
  return hosts.filter(counts).toSorted(compare).slice(0, SHOWN);
}
