import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CODE_DIMENSION, ERRORS_METRIC, metricTable } from '../../functions/report/metrics.ts';
import { logQueries } from '../../infra/cloud/log-queries.ts';
import { settings } from '../../infra/settings.ts';
import { functionNamed, ofType, plain, queueNamed, synthesise } from './synthesised.ts';

const { template } = synthesise({ alarmEmail: 'ops@example.org', runbooks: 'https://wiki.example/operations' });
const alarms = Object.values(ofType(template, 'AWS::CloudWatch::Alarm')).map((alarm) => alarm.Properties);
const runbook = readFileSync('docs/operations.md', 'utf8');

interface MetricRead {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** The metrics that the alarms read, whether directly or in an expression. */
const metricsRead: MetricRead[] = alarms.flatMap((alarm) =>
  alarm.MetricName === undefined
    ? (alarm.Metrics as { MetricStat?: { Metric: MetricRead } }[]).flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))
    : [alarm as MetricRead],
);

/** Anchors of a page's headings, as they are made on GitHub. */
function anchorsOf(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('every alarm', () => {
  test('says what is wrong and links to a runbook that is there', () => {
    const anchors = anchorsOf(runbook);

    expect(alarms.length).toBeGreaterThan(8);
    for (const alarm of alarms) {
      const [, symptom, anchor] =
        /^(.{30,}\.) Runbook: https:\/\/wiki\.example\/operations#(.+)$/.exec(alarm.AlarmDescription as string) ?? [];
      expect(symptom).toBeDefined();
      expect(anchors).toContain(anchor);
    }
  });

  test('mails somebody, at its start and its end', () => {
    const [topic] = Object.keys(ofType(template, 'AWS::SNS::Topic'));

    for (const alarm of alarms) {
      expect(alarm.AlarmActions).toEqual([{ Ref: topic }]);
      expect(alarm.OKActions).toEqual([{ Ref: topic }]);
    }
    expect(Object.values(ofType(template, 'AWS::SNS::Subscription'))[0]?.Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@example.org',
    });
  });

  test('has a runbook with symptom, look and act', () => {
    for (const section of runbook.split(/^## Runbook: /m).slice(1)) {
      expect(section).toMatch(/\*\*Symptom\*\*[^]+\*\*Look\*\*[^]+\*\*Act\*\*/);
    }
  });
});

test('no runbook is without an alarm', () => {
  const linked = new Set(alarms.map((alarm) => (alarm.AlarmDescription as string).replace(/^.*#/, '')));
  const runbooks = anchorsOf(runbook).filter((anchor) => anchor.startsWith('runbook-'));

  expect(runbooks.length).toBeGreaterThan(0);
  expect(new Set(runbooks)).toEqual(linked);
});

test('metrics of urldrop’s own that alarms read are ones that report writes, under its name', () => {
  const own = metricsRead.filter((metric) => metric.Namespace === 'urldrop');
  const { POWERTOOLS_METRICS_NAMESPACE: namespace, POWERTOOLS_SERVICE_NAME: service } = functionNamed(template, 'report').properties
    .Environment.Variables as Record<string, string>;

  expect(own.length).toBeGreaterThan(0);
  expect(namespace).toBe('urldrop');
  for (const metric of own) {
    expect(Object.keys(metricTable)).toContain(metric.MetricName);
    expect(metric.Dimensions).toEqual([{ Name: 'service', Value: service }]);
  }
});

test('every dead-letter queue and every function is watched', () => {
  const watched = metricsRead.flatMap((metric) => (metric.Dimensions ?? []).map(({ Value }) => plain(Value)));

  for (const name of ['requestsDead', 'postponedDead', 'eventsDead']) expect(watched).toContain(`<${queueNamed(template, name).id}>`);
  for (const name of Object.keys(settings.functions)) {
    const reads = metricsRead
      .filter((m) => plain(m.Dimensions?.[0]?.Value) === `<${functionNamed(template, name).id}>`)
      .map((m) => m.MetricName);
    expect(reads).toEqual(expect.arrayContaining(['Errors', 'Throttles']));
  }
});

test('silence of the reports goes off when nothing is heard', () => {
  const silence = alarms.find((alarm) => (alarm.AlarmDescription as string).endsWith('report-silence'));

  expect(silence).toMatchObject({ TreatMissingData: 'breaching', ComparisonOperator: 'LessThanThreshold', Threshold: 1 });
  expect(alarms.filter((alarm) => alarm.TreatMissingData === 'breaching')).toEqual([silence]);
});

test('without a mail address the alarms are there, and nobody is told', () => {
  const quiet = synthesise().template;

  expect(ofType(quiet, 'AWS::SNS::Topic')).toEqual({});
  expect(Object.values(ofType(quiet, 'AWS::CloudWatch::Alarm')).map((a) => a.Properties.AlarmActions)).toEqual(alarms.map(() => undefined));
});

interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly metrics?: readonly (readonly (string | { readonly expression: string })[])[];
    readonly query?: string;
  };
}

const dashboard = (() => {
  const [{ Properties: properties } = { Properties: {} }] = Object.values(ofType(template, 'AWS::CloudWatch::Dashboard'));
  return (JSON.parse(plain(properties.DashboardBody)) as { widgets: Widget[] }).widgets;
})();

/** What a widget shows, as `namespace name` or the expression. Those of queues and functions end with which: `AWS/SQS Age requests`. */
function shownBy(widget: Widget): string[] {
  const ids = Object.keys(settings.queues).map((name) => [name, queueNamed(template, name).id] as const);
  ids.push(...Object.keys(settings.functions).map((name) => [name, functionNamed(template, name).id] as const));
  return (widget.properties.metrics ?? []).map(([first, name, , of]) => {
    if (typeof first === 'object') return first.expression;
    // A queue is named by the end of its ARN, a function by itself; the template has both as references.
    const [owner] = ids.find(([, id]) => typeof of === 'string' && of.includes(id)) ?? [];
    return [first, name, owner].filter((text) => typeof text === 'string').join(' ');
  });
}

const shown = new Map(dashboard.map((widget) => [widget.properties.title ?? '', shownBy(widget)]));

describe('the dashboard', () => {
  test.each([
    ['Pages per second', ['urldrop PagesSucceeded', 'urldrop PagesFailed']],
    ['Items and fetches per second', ['urldrop Items', 'urldrop Fetches']],
    [
      'Batches that wait for a function, and in one',
      ['AWS/SQS ApproximateNumberOfMessagesVisible requests', 'AWS/SQS ApproximateNumberOfMessagesNotVisible requests'],
    ],
    [
      'Lanes paused: postponed batches',
      ['AWS/SQS ApproximateNumberOfMessagesDelayed postponed', 'AWS/SQS ApproximateNumberOfMessagesVisible postponed'],
    ],
    ['Age of the oldest message', ['AWS/SQS ApproximateAgeOfOldestMessage requests', 'AWS/SQS ApproximateAgeOfOldestMessage postponed']],
    ['Duration of scrape', ['AWS/Lambda Duration scrape']],
    ['Invocations at once', Object.keys(settings.functions).map((name) => `AWS/Lambda ConcurrentExecutions ${name}`)],
    [
      'Throttles and errors',
      Object.keys(settings.functions).flatMap((name) => [`AWS/Lambda Throttles ${name}`, `AWS/Lambda Errors ${name}`]),
    ],
    ['US dollars per million pages', ['IF(pages > 0, 1000000 * cost / pages)', 'urldrop CostUsd', 'urldrop PagesSucceeded']],
    ['Dead letters', ['requestsDead', 'postponedDead', 'eventsDead'].map((name) => `AWS/SQS ApproximateNumberOfMessagesVisible ${name}`)],
  ])('shows %s', (title, metrics) => {
    expect(shown.get(title)).toEqual(expect.arrayContaining(metrics));
  });

  test('shows failures by code: a search for the very metric, dimensions and service that report writes', () => {
    const { POWERTOOLS_SERVICE_NAME: service } = functionNamed(template, 'report').properties.Environment.Variables as Record<
      string,
      string
    >;

    expect(shown.get('Failed pages by code, per minute')).toEqual([
      `SEARCH('{urldrop,service,${CODE_DIMENSION}} service="${service}" MetricName="${ERRORS_METRIC}"', 'Sum')`,
    ]);
  });

  test('shows every metric that report writes, and of urldrop’s own no other', () => {
    const own = [...shown.values()].flat().filter((metric) => metric.startsWith('urldrop '));

    expect(new Set(own)).toEqual(new Set(Object.keys(metricTable).map((name) => `urldrop ${name}`)));
  });

  test('shows the alarms and what was odd in the logs', () => {
    expect(dashboard.map((widget) => widget.type)).toEqual(expect.arrayContaining(['alarm', 'log']));
    expect(dashboard.find((widget) => widget.type === 'log')?.properties.query).toContain('filter level in ["WARN", "ERROR"]');
  });

  test('is explained, widget by widget', () => {
    for (const title of shown.keys()) expect(runbook).toContain(`| ${title} |`);
  });
});

test('the saved queries over the logs are the ones that the page shows', () => {
  const saved = Object.values(ofType(template, 'AWS::Logs::QueryDefinition')).map((query) => query.Properties);
  const groups = Object.keys(ofType(template, 'AWS::Logs::LogGroup')).map((id) => ({ Ref: id }));

  expect(saved.map((query) => query.QueryString as string)).toEqual(Object.values(logQueries));
  for (const query of saved) {
    expect(query.LogGroupNames).toEqual(groups);
    expect(runbook).toContain(`\`\`\`\n${query.QueryString}\n\`\`\``);
  }
});
