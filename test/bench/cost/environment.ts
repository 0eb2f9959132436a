/**
 * One execution environment of a function, a process of its own: loads the bundle that its environment names and runs one invocation at
 * a time, as Lambda does. Answers each event with {@link Invoked}.
 */
import type { Context } from 'aws-lambda';

export interface Invoked {
  readonly answer: unknown;
  /** Duration as Lambda bills it, ms. */
  readonly billedMs: number;
  readonly cpuMs: number;
  readonly peakRssMb: number;
}

interface Call {
  readonly event: unknown;
  readonly timeoutMs: number;
}

const { handler } = (await import(process.env['BENCH_BUNDLE'] ?? '')) as {
  handler: (event: unknown, context: Context) => Promise<unknown>;
};
process.on('message', (call: Call) => void invoke(call));
process.once('disconnect', () => process.exit());
process.send?.('ready');

async function invoke({ event, timeoutMs }: Call): Promise<void> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const context = { getRemainingTimeInMillis: () => timeoutMs - (performance.now() - startedMs) } as Context;
  const answer = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  // Rounded up to the millisecond (AWS Lambda pricing).
  const billedMs = Math.ceil(performance.now() - startedMs);
  process.send?.({
    answer,
    billedMs,
    cpuMs: (user + system) / 1_000,
    peakRssMb: process.resourceUsage().maxRSS * 1.024e-3,
  } satisfies Invoked);
}
