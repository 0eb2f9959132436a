import type { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CODE_DIMENSION, ERRORS_METRIC, type MetricName } from '../../functions/report/metrics.ts';

/** Namespace of everything that report counts. */
export const NAMESPACE = 'urldrop';

/** The metrics that one urldrop's report function writes, told from another's by their service. */
export class JobMetrics {
  readonly #service: string;

  constructor(service: string) {
    this.#service = service;
  }

  /** What the report function reads at its start (Powertools for AWS Lambda, Metrics). */
  get environment(): Record<string, string> {
    return { POWERTOOLS_METRICS_NAMESPACE: NAMESPACE, POWERTOOLS_SERVICE_NAME: this.#service };
  }

  sum(metricName: MetricName, label: string, period: Duration): Metric {
    return new Metric({
      namespace: NAMESPACE,
      metricName,
      label,
      period,
      statistic: Stats.SUM,
      dimensionsMap: { service: this.#service },
    });
  }

  /** A search for the failures of every code that there is, whatever it is. */
  get errorsByCode(): string {
    return `SEARCH('{${NAMESPACE},service,${CODE_DIMENSION}} service="${this.#service}" MetricName="${ERRORS_METRIC}"', 'Sum')`;
  }
}
