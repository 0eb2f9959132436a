import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Queries of CloudWatch Logs Insights that follow a job through the functions; docs/operations.md shows them. */
export const logQueries = {
  'one job': `fields @timestamp, level, message, batch, lane, succeeded, failed, durationMs
| filter job = "JOB"
| sort @timestamp`,
  'one lane': `fields @timestamp, level, message, job, batch, receives, durationMs
| filter lane = "LANE"
| sort @timestamp`,
  'one batch': `fields @timestamp, level, message, job, lane, receives, succeeded, failed, children, durationMs
| filter batch = "BATCH"
| sort @timestamp`,
  'one URL': `fields @timestamp, message, job, lane, status, items, code, attempts
| filter url = "URL"
| sort @timestamp`,
  'delivered again': `fields @timestamp, job, batch, lane, receives
| filter message = "batch" and receives > 1
| sort @timestamp desc`,
  'memory and time': `filter type = "platform.report"
| stats max(record.metrics.maxMemoryUsedMB) as peakMB, pct(record.metrics.durationMs, 95) as p95ms, count() by @log, bin(5m)`,
} as const;

/** The queries, saved in CloudWatch under the name of the urldrop, over the logs of its functions. */
export class LogQueries extends Construct {
  constructor(scope: Construct, id: string, name: string, logGroups: readonly ILogGroup[]) {
    super(scope, id);
    for (const [query, queryString] of Object.entries(logQueries)) {
      const definition = new CfnQueryDefinition(this, query.replaceAll(' ', '-'), {
        name: `${name}/${query}`,
        queryString,
        logGroupNames: logGroups.map((group) => group.logGroupName),
      });
      definition.node.addDependency(...logGroups);
    }
  }
}
