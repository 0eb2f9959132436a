import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

type EmbeddedMetrics = Readonly<Record<string, unknown>>;

function directiveOf(line: EmbeddedMetrics | undefined): Directive | undefined {
  return (line?.['_aws'] as { CloudWatchMetrics: Directive[] } | undefined)?.CloudWatchMetrics[0];
}

/** Runs lines of code with a `progress` that writes where Lambda's log would read; returns what it wrote. */
function written(code: string): EmbeddedMetrics[] {
  const program = `
    import { Metrics } from '@aws-lambda-powertools/metrics';
    import { Progress } from './functions/report/metrics.ts';
    import { emptyTally, emptyUsage } from './functions/job/summary.ts';
    const folded = (tally, more = {}) => ({ tally: { ...emptyTally, ...tally }, usage: emptyUsage, outcomes: 0, children: 0, ...more });
    const errors = (counts) => Object.fromEntries(Object.entries(counts).map(([code, count]) => [code, { count, url: '', message: '' }]));
    const progress = new Progress(new Metrics());
    ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], POWERTOOLS_METRICS_NAMESPACE: 'urldrop', POWERTOOLS_SERVICE_NAME: 'urldrop-test' },
  });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EmbeddedMetrics);
}

test('what jobs got done since the last tick goes out as one sum, by service', () => {
  const [metrics, ...more] = written(`
    progress.add(folded({ succeeded: 5, items: 7, wireBytes: 100 }), folded({ succeeded: 8, failed: 1, items: 20, wireBytes: 400 }, { outcomes: 2 }));
    progress.add(folded({}), folded({ succeeded: 10 }, { usage: { ...emptyUsage, gbSeconds: 1000 } }));
    progress.publish();`);

  expect(more).toEqual([]);
  expect(metrics).toMatchObject({ service: 'urldrop-test', PagesSucceeded: 13, PagesFailed: 1, Items: 13, WireBytes: 300, Batches: 2 });
  expect(metrics?.['CostUsd']).toBeCloseTo(0.0133, 4);
  const directive = directiveOf(metrics);
  expect(directive).toMatchObject({ Namespace: 'urldrop', Dimensions: [['service']] });
  expect(directive?.Metrics).toContainEqual(expect.objectContaining({ Name: 'WireBytes', Unit: 'Bytes' }));
});

test('failures go out by code', () => {
  const lines = written(`
    progress.add(folded({ errors: errors({ timeout: 2 }) }), folded({ errors: errors({ timeout: 5, 'http-404': 1 }) }));
    progress.publish();`);

  expect(lines.map(({ code, Errors }) => [code, Errors])).toEqual([
    ['timeout', 3],
    ['http-404', 1],
  ]);
  expect(directiveOf(lines[0])?.Dimensions).toEqual([['service', 'code']]);
});

test('nothing new is nothing written, and what was written is not written again', () => {
  const lines = written(`
    progress.publish();
    progress.add(folded({ succeeded: 1 }), folded({ succeeded: 2 }));
    progress.publish();
    progress.publish();`);

  expect(lines.map((line) => line['PagesSucceeded'])).toEqual([1]);
});

test('a job that was counted afresh and has less counts as nothing', () => {
  expect(written(`progress.add(folded({ succeeded: 9 }), folded({ succeeded: 8 })); progress.publish();`)).toEqual([]);
});
