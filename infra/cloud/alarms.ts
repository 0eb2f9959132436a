import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSettings, FunctionName, QueueName } from '../settings.ts';
import type { JobMetrics } from './job-metrics.ts';
import { mailTopic } from './mail-topic.ts';

export interface AlarmsProps {
  readonly thresholds: AlarmSettings;
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly metrics: JobMetrics;
  /** Where docs/operations.md can be read: an alarm's runbook is a heading in it. */
  readonly runbooks: string;
  readonly topics: readonly ITopic[];
}

interface AlarmDefinition {
  /** Heading of its runbook in docs/operations.md, as an anchor. */
  readonly runbook: string;
  /** What is wrong, for the person who gets the mail. */
  readonly symptom: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Periods in a row that must be over the threshold. Default: 1. */
  readonly periods?: number;
  /** Alarms when the metric is under the threshold or not there. Default: when it is at or over it. */
  readonly isSilence?: boolean;
}

const FIVE_MINUTES = Duration.minutes(5);

/** The alarms, each with the link to its runbook. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.all = Object.entries(definitions(props)).map(([name, definition]) => this.#alarm(name, definition, props));
  }

  #alarm(
    name: string,
    { runbook, symptom, metric, threshold, periods = 1, isSilence = false }: AlarmDefinition,
    props: AlarmsProps,
  ): Alarm {
    const alarm = new Alarm(this, name, {
      alarmDescription: `${symptom} Runbook: ${props.runbooks}#${runbook}`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: isSilence ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isSilence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    for (const topic of props.topics) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    return alarm;
  }
}

function definitions({ thresholds, queues, functions, metrics }: AlarmsProps): Record<string, AlarmDefinition> {
  // Report empties these two within seconds, so their depth may never show: what was received from them does.
  const received = (name: QueueName) => queues[name].metricNumberOfMessagesReceived({ period: FIVE_MINUTES, statistic: Stats.SUM });
  const age = (name: QueueName) => queues[name].metricApproximateAgeOfOldestMessage({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM });
  const perFunction = (name: string, make: (functionName: FunctionName) => AlarmDefinition) =>
    Object.fromEntries((Object.keys(functions) as FunctionName[]).map((functionName) => [`${functionName}${name}`, make(functionName)]));
  const fifteen = Duration.minutes(15);
  return {
    deadBatches: {
      runbook: 'runbook-dead-batches',
      symptom: 'A batch could not be finished however often it was delivered: its pages are error lines with the code crash.',
      metric: new MathExpression({
        // An idle queue sends no numbers at all.
        expression: 'FILL(requests, 0) + FILL(postponed, 0)',
        usingMetrics: { requests: received('requestsDead'), postponed: received('postponedDead') },
        period: FIVE_MINUTES,
        label: 'Dead batches',
      }),
      threshold: 1,
    },
    deadEvents: {
      runbook: 'runbook-dead-events',
      symptom: 'A dropped file or a schedule was given up: its job never started.',
      metric: queues.eventsDead.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      threshold: 1,
    },
    requestsAge: {
      runbook: 'runbook-old-requests',
      symptom: `A batch has waited for more than ${thresholds.requestsAgeHours} hours to be scraped.`,
      metric: age('requests'),
      threshold: thresholds.requestsAgeHours * 3600,
      periods: 3,
    },
    postponedAge: {
      runbook: 'runbook-old-postponed',
      symptom: 'Postponed batches are due, and nobody puts them back on the queue.',
      metric: age('postponed'),
      threshold: thresholds.postponedAgeHours * 3600,
      periods: 3,
    },
    errorRate: {
      runbook: 'runbook-error-rate',
      symptom: `More than ${thresholds.errorRatePercent} % of the pages fail.`,
      metric: new MathExpression({
        expression: `IF(FILL(failed, 0) + FILL(succeeded, 0) > ${thresholds.errorRateFromPages}, 100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(succeeded, 0)), 0)`,
        usingMetrics: {
          failed: metrics.sum('PagesFailed', 'failed', fifteen),
          succeeded: metrics.sum('PagesSucceeded', 'succeeded', fifteen),
        },
        period: fifteen,
        label: 'Failed pages, %',
      }),
      threshold: thresholds.errorRatePercent,
    },
    ...perFunction('Errors', (name) => ({
      runbook: 'runbook-function-errors',
      symptom: `The function ${name} ends in errors or runs out of time.`,
      metric: functions[name].metricErrors({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      threshold: thresholds.functionErrors,
    })),
    ...perFunction('Throttles', (name) => ({
      runbook: 'runbook-throttles',
      symptom: `The function ${name} finds no room: the account’s concurrency is used up.`,
      metric: functions[name].metricThrottles({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      threshold: thresholds.throttles,
      periods: 3,
    })),
    reportSilence: {
      runbook: 'runbook-report-silence',
      symptom: 'No summaries are written: jobs run on, and nobody sees them end.',
      metric: functions.report.metricInvocations({ period: Duration.minutes(thresholds.reportSilenceMinutes), statistic: Stats.SUM }),
      threshold: 1,
      isSilence: true,
    },
    dailyCost: {
      runbook: 'runbook-daily-cost',
      symptom: `The pages of one day have cost more than $${thresholds.dailyCostUsd}.`,
      metric: metrics.sum('CostUsd', 'US dollars', Duration.days(1)),
      threshold: thresholds.dailyCostUsd,
    },
  };
}

/** The topic of alarms that somebody wants by mail. */
export function createAlarmTopic(scope: Construct, email: string): ITopic {
  const whenLost =
    'What SNS could not mail within a day is old news: the alarm itself stands in CloudWatch and on the dashboard until it is over.';
  return mailTopic(scope, 'AlarmTopic', email, whenLost);
}
