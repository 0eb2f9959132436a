import { connect } from '../../functions/aws/cloud.ts';
import { log } from '../../functions/log.ts';
import { readOptions } from '../../functions/options.ts';
import { readJob, updateJob } from '../../functions/report/tick.ts';

/** What one tick over one job took. */
export interface TickMeasure {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
  /** What is left in V8's heap and buffers when the garbage is gone. */
  readonly heldMb: number;
  readonly outcomes: number;
}

/** A process of its own that does report's work, once for each message. */
const id = process.argv[2] ?? '';
const tools = { cloud: connect(readOptions(process.env)), log, now: Date.now };
process.on('message', () => void measure());

async function measure(): Promise<void> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const summary = await updateJob(tools, id, await readJob(tools.cloud.objects, id), Number.POSITIVE_INFINITY);
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - startedMs;
  const rss = { rssMb: process.memoryUsage.rss() / 2 ** 20, peakRssMb: process.resourceUsage().maxRSS / 1_024 };
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({
    wallMs,
    cpuMs: (user + system) / 1_000,
    ...rss,
    heldMb: (heapUsed + external) / 2 ** 20,
    outcomes: summary?.batches.committed ?? 0,
  } satisfies TickMeasure);
}
