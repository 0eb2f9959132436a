import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { costOf } from '../job/cost.ts';
import type { Folded } from '../job/summary.ts';

/** What report tells CloudWatch every minute, summed over all jobs. The dashboard and the alarms derive from this one table. */
export const metricTable = {
  PagesSucceeded: { unit: MetricUnit.Count, read: ({ tally }: Folded) => tally.succeeded },
  PagesFailed: { unit: MetricUnit.Count, read: ({ tally }: Folded) => tally.failed },
  Items: { unit: MetricUnit.Count, read: ({ tally }: Folded) => tally.items },
  Fetches: { unit: MetricUnit.Count, read: ({ tally }: Folded) => tally.fetches },
  WireBytes: { unit: MetricUnit.Bytes, read: ({ tally }: Folded) => tally.wireBytes },
  Batches: { unit: MetricUnit.Count, read: ({ outcomes }: Folded) => outcomes },
  CostUsd: { unit: MetricUnit.NoUnit, read: ({ usage, outcomes }: Folded) => costOf(usage, outcomes).usd },
} as const;

export type MetricName = keyof typeof metricTable;

/** Failures by code: one metric, with the code of the catalogue as its dimension {@link CODE_DIMENSION}. */
export const ERRORS_METRIC = 'Errors';
export const CODE_DIMENSION = 'code';

/**
 * Counts what jobs get done. Report reads each outcome once, so these add up to what the summaries say; counted where pages are
 * fetched, a batch that is run again would count twice.
 */
export class Progress {
  readonly #metrics: Metrics;
  readonly #sums = new Map<MetricName, number>();
  readonly #errors = new Map<string, number>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** What became of one job between two foldings. A job that was counted afresh may have less: that counts as nothing. */
  add(before: Folded, after: Folded): void {
    for (const name of Object.keys(metricTable) as MetricName[]) {
      const { read } = metricTable[name];
      add(this.#sums, name, read(after) - read(before));
    }
    for (const [code, { count }] of Object.entries(after.tally.errors))
      add(this.#errors, code, count - (before.tally.errors[code]?.count ?? 0));
  }

  /** Writes the sums as CloudWatch's embedded metric format to the log and starts anew; nothing where nothing was done. */
  publish(): void {
    for (const [name, sum] of this.#sums) this.#metrics.addMetric(name, metricTable[name].unit, sum);
    if (this.#sums.size > 0) this.#metrics.publishStoredMetrics();
    for (const [code, count] of this.#errors) {
      this.#metrics.singleMetric().addDimension(CODE_DIMENSION, code).addMetric(ERRORS_METRIC, MetricUnit.Count, count);
    }
    this.#sums.clear();
    this.#errors.clear();
  }
}

function add<K>(sums: Map<K, number>, key: K, more: number): void {
  if (more > 0) sums.set(key, (sums.get(key) ?? 0) + more);
}
