import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseJobFile } from '../../../functions/enqueue/job-file.ts';
import { keys, prefixes } from '../../../functions/job/keys.ts';
import type { JobState } from '../../../functions/job/summary.ts';
import { tempDir } from '../local/clouds.ts';
import { startSite, urldrop, type Ended, type Site } from './command.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/jobs.md'), 'utf8');
/** The text of all blocks with this word behind their language. */
const blocks = (word: string): string[] =>
  Array.from(guide.matchAll(/^```\w+ ([^\n]*)\n(.*?)^```$/gms))
    .filter(([, info]) => info === word)
    .map(([, , text = '']) => text);

/** What the commands of the guide say, one after another on one machine. */
const said = new Map<string, Ended>();
let dir: ReturnType<typeof tempDir>;
let site: Site;
beforeAll(async () => {
  dir = tempDir();
  site = await startSite();
  writeFileSync(join(dir.path, 'urls.txt'), `${site.url}/1\n${site.url}/2\n`);
  let job = '';
  for (const line of blocks('run').join('').trim().split('\n')) {
    const args = line.replace('npx urldrop ', '').replaceAll('https://shop.example', site.url).replaceAll('JOB', job).split(' ');
    const env = { URLDROP_WEBHOOK_URL: `${site.url}/hook` };
    const ended = await urldrop(dir.path, args[0] === 'run' ? [...args, '--allow-private'] : args, { env });
    job = /^Job (\S+) finished/m.exec(ended.stderr)?.[1] ?? job;
    said.set(line, ended);
  }
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

describe('the page about jobs', () => {
  test('has commands that do what they are there for', () => {
    expect([...said].map(([line, { code }]) => [line, code])).toEqual([...said.keys()].map((line) => [line, 0]));
    const answer = (line: string) => `${said.get(`npx urldrop ${line}`)?.stdout}${said.get(`npx urldrop ${line}`)?.stderr}`;
    expect(answer('estimate urls.txt')).toContain('2 requests to 1 host');
    expect(answer('jobs')).toMatch(/finished +4 +3 +1/);
    expect(answer('status JOB')).toMatch(/http-404 +1/);
    expect(answer('cancel JOB')).toContain('has finished already');
    expect(readFileSync(join(dir.path, 'pages.csv'), 'utf8').split('\n')).toHaveLength(4);
    expect(readFileSync(join(dir.path, 'all.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
    expect(readFileSync(join(dir.path, 'report.html'), 'utf8')).toContain('Estimated');
  });

  test('is right that a webhook works on one machine as well', () => {
    const runs = [...said.keys()].filter((line) => line.startsWith('npx urldrop run '));
    expect(site.log.filter((path) => path === '/hook')).toHaveLength(runs.length);
  });

  test('has a job file that is one', () => {
    const [text = ''] = blocks('job-file');
    expect(parseJobFile(text, 'the guide')).toEqual(JSON.parse(text));
  });

  test('names every state that a job can have', () => {
    const states: Record<JobState, true> = { enqueueing: true, running: true, finished: true, cancelled: true, skipped: true };
    expect(Array.from(guide.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name)).toEqual(expect.arrayContaining(Object.keys(states)));
  });

  test('has a rule that hears of the end of a job, and of nothing else that is written', () => {
    const [text = ''] = blocks('rule');
    const { source, detail } = JSON.parse(text) as { source: string[]; detail: { object: { key: { wildcard: string }[] } } };
    expect(source).toEqual(['aws.s3']);
    const pattern = new RegExp(`^${detail.object.key[0]?.wildcard.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    const place = { id: 'books-1', scraper: 'books', date: '2026-01-31' };
    const written = [
      ...[keys.job, keys.summary, keys.report, keys.fold, keys.cancel, keys.enqueueState, keys.sweep].map((key) => key('books-1')),
      ...[keys.results, keys.errors, keys.changes].map((key) => key(place, 'finished')),
      keys.outcome('books-1', 'finished'),
      `${prefixes.notices}finished.json`,
    ];
    expect(written.filter((key) => pattern.test(key))).toEqual([]);
    expect(keys.finished('books-1')).toMatch(pattern);
  });

  test('checks a signature as it says', async () => {
    const file = `data:text/javascript,${encodeURIComponent(blocks('verify').join(''))}`;
    const { isFromUrldrop } = (await import(file)) as {
      isFromUrldrop: (h: Record<string, string>, body: string, secret: string) => boolean;
    };
    const [key, body, now] = [Buffer.from('a secret'), '{"type":"job.finished"}', String(Math.floor(Date.now() / 1000))];
    const sign = (text: string) => `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
    const headers = { 'webhook-id': 'j', 'webhook-timestamp': now, 'webhook-signature': sign(`j.${now}.${body}`) };
    const secret = `whsec_${key.toString('base64')}`;
    expect(isFromUrldrop(headers, body, secret)).toBe(true);
    expect(isFromUrldrop(headers, `${body} `, secret)).toBe(false);
    const old = String(Number(now) - 3_600);
    expect(isFromUrldrop({ ...headers, 'webhook-timestamp': old, 'webhook-signature': sign(`j.${old}.${body}`) }, body, secret)).toBe(
      false,
    );
  });
});
