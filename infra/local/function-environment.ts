import { optionTable } from '../../functions/options.ts';
import { withoutAws } from './worker-thread.ts';

/** Slices of the local cloud: short, so that progress shows and a stop is soon done; a slice costs no invocation here. */
const LOCAL_SLICE_MS = '5000';
/** Scrape invocations that one thread runs at a time: more lanes side by side, at the price of their pages in memory. */
export const INVOCATIONS_PER_THREAD = 8;
/** Half of that room is always given back soon, whatever is slow. */
const LONG_SLICES = String(INVOCATIONS_PER_THREAD / 2);

/**
 * The environment of the functions on this machine: that of the process, since proxies, certificates and `URLDROP_…` options
 * are set there, but nothing of its AWS configuration.
 *
 * @param wiring - endpoints, queues, and options that win over the process's own.
 */
export function functionEnvironment(
  processEnv: Readonly<Record<string, string | undefined>>,
  wiring: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    [optionTable.sliceMs.env]: LOCAL_SLICE_MS,
    [optionTable.longSlices.env]: LONG_SLICES,
    ...withoutAws(processEnv),
    ...wiring,
  };
}
