import { writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listen } from '../../fetch/harness.ts';
import { html } from '../../helpers/scrapers.ts';
import { startWeb } from '../../helpers/web.ts';
import { tempDir } from '../local/clouds.ts';
import { urldrop } from './command.ts';

test('try and run fetch through the proxies of a file, and show nothing of their passwords', async () => {
  await using web = await startWeb((path) => (path === '/robots.txt' ? undefined : html(path)));
  using dir = tempDir();
  const asked: string[] = [];
  const { port } = await listen(
    createServer((request, response) => {
      asked.push(`${request.headers['proxy-authorization'] ?? ''} ${new URL(request.url ?? '').pathname}`);
      httpRequest(request.url ?? '', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))).end();
    }),
  );
  writeFileSync(join(dir.path, 'proxies.txt'), `# mine\nhttp://me:hush-hush@127.0.0.1:${port}\n`);
  const proxied = ['--proxies', 'proxies.txt', '--allow-private'];
  const tried = await urldrop(dir.path, ['try', 'page', `${web.url}/tried`, ...proxied]);
  const ran = await urldrop(dir.path, ['run', `${web.url}/ran`, ...proxied]);

  const authorization = `Basic ${Buffer.from('me:hush-hush').toString('base64')}`;
  expect(asked).toEqual(['/tried', '/robots.txt', '/ran'].map((path) => `${authorization} ${path}`));
  expect([tried.code, ran.code]).toEqual([0, 0]);
  expect(ran.stderr).toContain(`Through proxies:\n  127.0.0.1:${port}  2 fetches, 0 failed by the proxy`);
  expect(JSON.stringify([tried, ran])).not.toContain('hush-hush');

  writeFileSync(join(dir.path, 'wrong.txt'), 'http://127.0.0.1:1\nme:hush-hush@127.0.0.1\n');
  const refused = await urldrop(dir.path, ['run', `${web.url}/ran`, '--proxies', 'wrong.txt']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('wrong.txt is no list of proxies: Proxy 2 of the list is none; write http://user:password@host:port');
  expect(refused.stderr).not.toContain('hush-hush');
});
