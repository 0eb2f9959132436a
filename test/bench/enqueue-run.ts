import type { Context, S3Event } from 'aws-lambda';
import type { handler as EnqueueHandler } from '../../functions/enqueue/handler.ts';

/** What one enqueue took: the parent prints it. */
export interface EnqueueMeasure {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly startRssMb: number;
  readonly peakRssMb: number;
}

/** A process of its own that does what Lambda does: load the bundle and give its handler the event. */
const { handler } = (await import(process.env['BENCH_BUNDLE'] ?? '')) as { handler: typeof EnqueueHandler };
const startRssMb = process.resourceUsage().maxRSS / 1024;
const cpu = process.cpuUsage();
const startedMs = performance.now();
const record = {
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  eventTime: new Date().toISOString(),
  s3: { object: { key: process.env['BENCH_KEY'], sequencer: '1' } },
};
await handler({ Records: [record] } as unknown as S3Event, { getRemainingTimeInMillis: () => 600_000 } as Context);
const { user, system } = process.cpuUsage(cpu);
process.send?.({
  wallMs: performance.now() - startedMs,
  cpuMs: (user + system) / 1_000,
  startRssMb,
  peakRssMb: process.resourceUsage().maxRSS / 1024,
} satisfies EnqueueMeasure);
process.disconnect();
