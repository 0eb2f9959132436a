import { expect, test } from 'vitest';
import { layOut, type JobInput } from '../../../infra/cli/job-input.ts';

const urls = (...hosts: string[]): JobInput => ({ kind: 'urls', urls: hosts.map((host) => `https://${host}/a`) });
const list = (lines: number, line = 'https://a.example/1'): JobInput => {
  const head = `${line}\n`.repeat(lines);
  return { kind: 'file', path: 'x', size: head.length, head };
};

test.each([
  ['one host', list(200), 4],
  ['fewer hosts than would keep the threads busy', urls('a', 'b', 'c', 'd', 'e', 'f', 'g'), 4],
  ['hosts enough', urls('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), 1],
  ['a port is another host', urls(...Array.from({ length: 8 }, (_, i) => `a:${i}`)), 1],
  [
    'the beginning of a file',
    { kind: 'file', path: 'x', size: 1, head: 'url,rank\r\nhttp://a/1,2\r\n"http://a/2",3\r\nhttp://a?q,4' } as const,
    4,
  ],
  ['what nobody has looked at', { kind: 'stdin' } as const, 4],
])('lanes of each host, %s', (_what, input, lanes) => {
  expect(layOut(input, 4, { concurrency: 64, delay: 0 }, true).lanes).toBe(lanes);
});

test.each([
  ['few URLs that bring no others', list(100), 1],
  ['more of them', list(101), 4],
  ['more of them without a scheme', list(101, 'a.example'), 4],
  ['a list that goes on where nobody has looked', list(1, `https://a.example/${'x'.repeat(20_000)}`), 4],
  ['a sitemap, which may name others', list(1, '<sitemapindex>'), 4],
  ['a template', list(1, 'https://a.example/{1..9000}'), 4],
])('one thread does %s', (_what, input, lanes) => {
  expect(layOut(input, 4, { concurrency: 64, delay: 0 }, false).lanes).toBe(lanes);
});

test.each([
  ['few URLs', list(100), 64, 0, 1],
  ['one host in several lanes', list(200), 64, 0, 4],
  ['one host that allows few at a time', list(200), 4, 0, 1],
  ['one host with a delay', list(200), 64, 500, 1],
  ['fewer hosts than threads', urls('a', 'b', 'c'), 4, 0, 3],
  ['hosts enough', urls('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), 4, 0, 4],
  ['what nobody has looked at', { kind: 'stdin' } as const, 64, 0, 1],
])('threads with work at once, %s', (_what, input, concurrency, delay, threads) => {
  const follows = input.kind === 'urls';
  expect(layOut(input, 4, { concurrency, delay }, follows).threads).toBe(threads);
});
