/** A job, as large as a sample must be. */
export interface Scenario {
  readonly name: string;
  readonly hosts: number;
  readonly pagesPerHost: number;
  /** Requests in flight per host. */
  readonly concurrency: number;
  /** Pause between two requests to one host, ms. */
  readonly delayMs: number;
  /** Functions at work at a time: more would share the cores of this machine, and tell nothing else. */
  readonly environments: number;
  /** Ends with the first invocation of each: lanes that go on for long are alike in each slice. */
  readonly isOneSlice: boolean;
  /** Dollars per million pages that are aimed at; absent: none. */
  readonly aimUsd?: number;
}

export const scenarios: readonly Scenario[] = [
  { name: 'many hosts', hosts: 90, pagesPerHost: 100, concurrency: 4, delayMs: 0, environments: 3, isOneSlice: false, aimUsd: 0.3 },
  {
    name: 'one host, 4 in flight',
    hosts: 1,
    pagesPerHost: 5_000,
    concurrency: 4,
    delayMs: 0,
    environments: 1,
    isOneSlice: true,
    aimUsd: 0.6,
  },
  {
    name: '1 request/s/host, 1,000 hosts',
    hosts: 30,
    pagesPerHost: 500,
    concurrency: 1,
    delayMs: 1_000,
    environments: 3,
    isOneSlice: true,
    aimUsd: 1,
  },
  { name: '10,000 short sites', hosts: 600, pagesPerHost: 5, concurrency: 4, delayMs: 0, environments: 3, isOneSlice: false },
];

/** The yardstick: one URL per invocation. */
export const usual: Scenario = {
  name: 'the usual Lambda crawler, one URL per invocation',
  hosts: 30,
  pagesPerHost: 10,
  concurrency: 4,
  delayMs: 0,
  environments: 3,
  isOneSlice: false,
};
