import { expect, test } from 'vitest';
import { RequestError } from '../../../functions/job/errors.ts';
import { fetchOnePage } from '../../../infra/cli/one-page.ts';
import { errorLines, resultLines } from '../../helpers/lines.ts';
import { html, scraper } from '../../helpers/scrapers.ts';
import { Stage } from '../../helpers/stage.ts';
import { startWeb, type Page } from '../../helpers/web.ts';

const raw =
  (bytes: string): Page =>
  (request) =>
    request.socket.end(bytes, 'latin1');
const answer =
  (status: number, headers: Readonly<Record<string, string>>, body = ''): Page =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';

const PAGES: Readonly<Record<string, Page>> = {
  '/good': html('Good'),
  '/cut': raw(`${OK}Content-Length: 100\r\n\r\n<p>half`),
  '/closed': (request) => request.socket.destroy(),
  '/no-http': raw('220 mail.example ESMTP\r\n'),
  '/chunks': raw(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n<p>`),
  '/flood': raw(`${OK}${Array.from({ length: 300 }, (_, i) => `X-${i}: 1\r\n`).join('')}\r\n`),
  '/coding': answer(200, { 'content-encoding': 'gzip' }, 'no gzip'),
  '/large': answer(200, {}, 'x'.repeat(1_000_001)),
  '/type': answer(200, { 'content-type': 'application/pdf' }, '%PDF'),
  '/circle': answer(302, { location: '/circle' }),
  '/scheme': answer(302, { location: 'file:///etc/passwd' }),
  '/metadata': answer(302, { location: 'http://169.254.169.254/' }),
  '/gone': answer(410, {}),
  '/teapot': answer(418, {}),
  '/broken': answer(500, {}),
  '/wall': (request, response) =>
    request.headers.cookie === 'seen=1'
      ? response.setHeader('content-type', 'text/html').end(html('Behind the wall'))
      : response.writeHead(302, { location: '/wall', 'set-cookie': 'seen=1' }).end(),
};

test('the same fault has the same code in `urldrop try` and in a job', async () => {
  await using stage = await Stage.start();
  await using web = await startWeb(PAGES);
  const chosen = scraper({ politeness: { robots: 'ignore' }, request: { retries: 0, cookies: 'keep' } });
  const urls = Object.keys(PAGES).map((path) => web.url + path);
  const tried: Record<string, string> = {};
  for (const url of urls) {
    try {
      await fetchOnePage(url, chosen.request, { allowPrivate: true });
      tried[url] = 'page';
    } catch (error) {
      tried[url] = error instanceof RequestError ? error.code : String(error);
    }
  }
  await stage.startJob(
    'test',
    urls.map((url) => ({ url })),
  );
  await stage.drain(stage.tools([chosen]));
  const inJob = Object.fromEntries([
    ...(await resultLines(stage.cloud.objects)).map(({ url }) => [url, 'page']),
    ...(await errorLines(stage.cloud.objects)).map(({ url, code }) => [url, code]),
  ]);
  expect(tried).toEqual(inJob);
  const codes = new Set(Object.values(tried));
  expect([...codes].toSorted()).toEqual(
    'bad-redirect blocked-address connect content-type http-410 http-418 http-500 page protocol redirect-loop too-large'.split(' '),
  );
  expect(Object.keys(tried).filter((url) => tried[url] === 'page')).toEqual([`${web.url}/good`, `${web.url}/wall`]);
});
