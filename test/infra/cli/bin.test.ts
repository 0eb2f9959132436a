import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

/** A Node of the machine that is older than the project's. */
const older = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((dir) => join(dir, 'node'))
  .find((node) => existsSync(node) && Number(/\d+/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))?.[0]) < 24);

test.skipIf(older === undefined)('an older Node hands over to the one that came with the project, exit code included', async () => {
  using dir = tempDir();
  const options = { node: older ?? '' };
  expect((await urldrop(dir.path, ['--version'], options)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await urldrop(dir.path, ['run', 'nothing.txt'], options)).code).toBe(2);
});

test.skipIf(process.platform !== 'linux')(
  'a run of a list begins again in its own process with less memory, one of a URL, of a short list or by a limit of the user does not',
  async () => {
    using dir = tempDir();
    const told = `data:text/javascript,${encodeURIComponent('console.error("at",process.pid,process.env.MALLOC_ARENA_MAX,...process.execArgv)')}`;
    const starts = async (args: readonly string[], env = {}) => {
      const { code, stderr } = await urldrop(dir.path, ['run', ...args, '--scraper', 'none'], {
        env: { NODE_OPTIONS: `--import=${told}`, ...env },
      });
      expect(code).toBe(2);
      return Array.from(stderr.matchAll(/^at (\d+) (.*)$/gm), ([, pid, limits]) => ({ pid, limits }));
    };
    const list = await starts(['nothing.txt']);
    expect(list.map(({ limits }) => limits)).toEqual(['undefined', '1 --max-semi-space-size=4']);
    expect(list[1]?.pid).toBe(list[0]?.pid);
    writeFileSync(join(dir.path, 'short.txt'), 'http://a.example/\n'.repeat(100));
    writeFileSync(join(dir.path, 'long.txt'), 'http://a.example/\n'.repeat(1_000));
    expect(await starts(['short.txt'])).toHaveLength(1);
    expect(await starts(['long.txt', '--recipe', 'short.txt'])).toHaveLength(2);
    expect((await starts(['http://a.example'])).map(({ limits }) => limits)).toEqual(['undefined']);
    expect((await starts(['nothing.txt'], { MALLOC_ARENA_MAX: '4' })).map(({ limits }) => limits)).toEqual(['4']);
  },
);

test('without arguments the command says what it can do', async () => {
  using dir = tempDir();
  const { code, stdout } = await urldrop(dir.path, []);
  expect(code).toBe(0);
  for (const verb of ['run', 'demo', 'try', 'up', 'jobs', 'status', 'cancel', 'export'])
    expect(stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
});
