/** How long the hosts of the web take: log-normal, between 50 and 1,000 ms; a host is quick or slow, and its pages differ less. */
export const latencies = { minMs: 50, maxMs: 1_000, medianMs: 220, hostSigma: 0.5, pageSigma: 0.35 } as const;

/**
 * The time that a host takes for a page, the same at every call. Hosts are spread evenly over the distribution, the first in its middle,
 * so that few of them are on average as quick as many.
 *
 * @param host - from 0.
 */
export function latencyMs(host: number, path: string): number {
  const { minMs, maxMs, medianMs, hostSigma, pageSigma } = latencies;
  const spread = hostSigma * quantile((0.5 + host * GOLDEN) % 1) + pageSigma * normal(hash(`${host} ${path}`));
  return Math.min(maxMs, Math.max(minMs, medianMs * Math.exp(spread)));
}

/** Multiples of it, less their whole part, fill the interval from 0 to 1 evenly, however many there are. */
const GOLDEN = 0.6180339887;

/** Where a part of the standard normal distribution ends: Tukey's lambda distribution, within 0.01 of it up to three sigma. */
function quantile(part: number): number {
  return (part ** 0.135 - (1 - part) ** 0.135) / 0.1975;
}

/** Box and Muller's transform of two numbers that follow from one. */
function normal(seed: number): number {
  const u = (hash(`u ${seed}`) + 1) / 2 ** 32;
  const v = hash(`v ${seed}`) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

/** FNV-1a with a final mix: 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
