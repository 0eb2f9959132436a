/** Numbers in [0, 1) from a seed (mulberry32): the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How URLs are spread over hosts: requests of each, at least 1, together as many as there are URLs. */
export interface Spread {
  readonly name: string;
  readonly what: string;
  hosts(urls: number): number;
  /** Weight of the n-th host. */
  weight(n: number, random: () => number): number;
}

export const spreads: readonly Spread[] = [
  { name: 'few huge', what: '10 hosts of one size', hosts: () => 10, weight: () => 1 },
  {
    name: 'Zipf',
    what: 'the n-th of URLs / 50 hosts has a share of n^-0.8',
    hosts: (urls) => Math.ceil(urls / 50),
    weight: (n) => (n + 1) ** -0.8,
  },
  {
    name: 'log-normal',
    what: 'URLs / 100 hosts, median 14 pages, sigma 2',
    hosts: (urls) => Math.ceil(urls / 100),
    weight: (_, random) => Math.exp(2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  },
  { name: 'many tiny', what: '20 pages a host', hosts: (urls) => Math.ceil(urls / 20), weight: () => 1 },
];

/** @returns the requests of each host, in an order that has nothing to do with their size: enqueue sends lanes by their hash. */
export function hostSizes(spread: Spread, urls: number, random: () => number): Float64Array {
  const sizes = Float64Array.from({ length: Math.min(urls, spread.hosts(urls)) }, (_, n) => spread.weight(n, random));
  const total = sizes.reduce((sum, weight) => sum + weight, 0);
  let given = 0;
  let owed = 0;
  for (let n = 0; n < sizes.length; n++) {
    owed += ((sizes[n] ?? 0) / total) * urls;
    const size = Math.max(1, Math.round(owed - given));
    sizes[n] = size;
    given += size;
  }
  for (let n = sizes.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    const size = sizes[n] ?? 0;
    sizes[n] = sizes[other] ?? 0;
    sizes[other] = size;
  }
  return sizes;
}
