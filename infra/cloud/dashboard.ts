import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryWidget,
  LogQueryVisualizationType,
  MathExpression,
  Stats,
  type Alarm,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { MetricName } from '../../functions/report/metrics.ts';
import type { FunctionName, QueueName } from '../settings.ts';
import type { JobMetrics } from './job-metrics.ts';

export interface DashboardProps {
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly metrics: JobMetrics;
  readonly alarms: readonly Alarm[];
}

const MINUTE = Duration.minutes(1);
const HALF = { width: 12, height: 6 };
const THIRD = { width: 8, height: 6 };

const graph = (title: string, left: IMetric[], size: { readonly width: number; readonly height: number }, label?: string): GraphWidget =>
  new GraphWidget({ title, left, ...size, leftYAxis: { min: 0, showUnits: false, ...(label !== undefined && { label }) } });

/** One page that says whether jobs get on, what fails, what waits and what it costs. */
export function createDashboard(scope: Construct, { queues, functions, metrics, alarms }: DashboardProps): Dashboard {
  const each = (make: (name: FunctionName) => IMetric): IMetric[] => (Object.keys(functions) as FunctionName[]).map(make);
  const visible = (name: QueueName, label: string) =>
    queues[name].metricApproximateNumberOfMessagesVisible({ label, period: MINUTE, statistic: Stats.MAXIMUM });
  const age = (name: QueueName, label: string) =>
    queues[name].metricApproximateAgeOfOldestMessage({ label, period: MINUTE, statistic: Stats.MAXIMUM });
  const hour = Duration.hours(1);
  const perSecond = (name: MetricName, label: string) =>
    new MathExpression({ expression: `${label} / 60`, usingMetrics: { [label]: metrics.sum(name, label, MINUTE) }, period: MINUTE, label });

  return new Dashboard(scope, 'Dashboard', {
    defaultInterval: Duration.hours(3),
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 3 })],
      [
        graph('Pages per second', [perSecond('PagesSucceeded', 'succeeded'), perSecond('PagesFailed', 'failed')], HALF),
        graph(
          'Failed pages by code, per minute',
          [new MathExpression({ expression: metrics.errorsByCode, usingMetrics: {}, period: MINUTE, label: '' })],
          HALF,
        ),
      ],
      [
        graph('Items and fetches per second', [perSecond('Items', 'items'), perSecond('Fetches', 'fetches')], THIRD),
        graph('Bytes received per second', [perSecond('WireBytes', 'bytes')], THIRD),
        graph('Batches committed per second', [perSecond('Batches', 'batches')], THIRD),
      ],
      [
        graph(
          'Batches that wait for a function, and in one',
          [
            visible('requests', 'waiting'),
            queues.requests.metricApproximateNumberOfMessagesNotVisible({
              label: 'at work, and behind those in their lane',
              period: MINUTE,
              statistic: Stats.MAXIMUM,
            }),
          ],
          THIRD,
        ),
        graph(
          'Lanes paused: postponed batches',
          [
            queues.postponed.metricApproximateNumberOfMessagesDelayed({ label: 'delayed', period: MINUTE, statistic: Stats.MAXIMUM }),
            visible('postponed', 'due'),
          ],
          THIRD,
        ),
        graph('Age of the oldest message', [age('requests', 'requests'), age('postponed', 'postponed')], THIRD, 'seconds'),
      ],
      [
        graph(
          'Duration of scrape',
          [Stats.p(50), Stats.p(95), Stats.MAXIMUM].map((statistic) =>
            functions.scrape.metricDuration({ label: statistic, period: MINUTE, statistic }),
          ),
          THIRD,
          'ms',
        ),
        graph(
          'Invocations at once',
          each((name) => functions[name].metric('ConcurrentExecutions', { label: name, period: MINUTE, statistic: Stats.MAXIMUM })),
          THIRD,
        ),
        graph(
          'Throttles and errors',
          [
            ...each((name) => functions[name].metricThrottles({ label: `${name} throttled`, period: MINUTE })),
            ...each((name) => functions[name].metricErrors({ label: `${name} errors`, period: MINUTE })),
          ],
          THIRD,
        ),
      ],
      [
        graph(
          'US dollars per million pages',
          [
            new MathExpression({
              expression: 'IF(pages > 0, 1000000 * cost / pages)',
              usingMetrics: { cost: metrics.sum('CostUsd', 'cost', hour), pages: metrics.sum('PagesSucceeded', 'pages', hour) },
              period: hour,
              label: 'per million pages',
            }),
          ],
          THIRD,
        ),
        graph('US dollars per hour', [metrics.sum('CostUsd', 'cost', hour)], THIRD),
        graph(
          'Dead letters',
          [visible('requestsDead', 'batches'), visible('postponedDead', 'postponed'), visible('eventsDead', 'events')],
          THIRD,
        ),
      ],
      [
        new LogQueryWidget({
          title: 'Odd events',
          logGroupNames: Object.values(functions).map((fn) => fn.logGroup.logGroupName),
          view: LogQueryVisualizationType.TABLE,
          queryLines: [
            'fields @timestamp, level, message, job, batch, lane',
            'filter level in ["WARN", "ERROR"]',
            'sort @timestamp desc',
            'limit 50',
          ],
          width: 24,
          height: 8,
        }),
      ],
    ],
  });
}
