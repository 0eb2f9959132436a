import { expect, test } from 'vitest';
import { lanesWanted, type JobInput } from '../../../infra/cli/job-input.ts';

const urls = (...hosts: string[]): JobInput => ({ kind: 'urls', urls: hosts.map((host) => `https://${host}/a`) });

test.each([
  ['one host', urls('a.example', 'a.example'), 4],
  ['fewer hosts than would keep the threads busy', urls('a', 'b', 'c', 'd', 'e', 'f', 'g'), 4],
  ['hosts enough', urls('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), 1],
  ['a port is another host', urls(...Array.from({ length: 8 }, (_, i) => `a:${i}`)), 1],
  [
    'the beginning of a file',
    { kind: 'file', path: 'x', size: 1, head: 'url,rank\r\nhttp://a/1,2\r\n"http://a/2",3\r\nhttp://a?q,4' } as const,
    4,
  ],
  ['what nobody has looked at', { kind: 'stdin' } as const, 4],
])('%s', (_what, input, lanes) => {
  expect(lanesWanted(input, 4)).toBe(lanes);
});
