import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../functions/job/keys.ts';
import { FILE_PAGE, type Request } from '../../functions/job/request.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { openWeb } from '../helpers/open-web.ts';
import { html, scraper } from '../helpers/scrapers.ts';
import { Stage } from '../helpers/stage.ts';
import { type Page } from '../helpers/web.ts';

let stage: Stage;
const fileRequest = (url: string, name: string, maxBytes = 50_000_000): Request => ({ url, page: FILE_PAGE, file: { name, maxBytes } });

beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a download', () => {
  it('lands in the bucket byte for byte, larger than any one part, with a result line of its own', async () => {
    const bytes = randomBytes(21_000_000);
    const web = await openWeb({ '/film.mp4': (_, response) => response.setHeader('content-type', 'video/mp4').end(bytes) });
    const job = await stage.startJob('test', [fileRequest(`${web.url}/film.mp4`, 'film.mp4')]);
    await stage.drain(stage.tools([scraper()]));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = keys.files(job.id, 'film.mp4');
    expect((await stage.cloud.objects.get(key))?.equals(bytes)).toBe(true);
    const item = { url: `${web.url}/film.mp4`, key, bytes: bytes.length, sha256, contentType: 'video/mp4' };
    expect(await resultLines(stage.cloud.objects)).toMatchObject([{ url: item.url, page: '@file', item, decodedBytes: bytes.length }]);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 1, succeeded: 1, pending: 0 });
  });

  it('undoes a content coding, so that the file is what it was packed from', async () => {
    const text = 'a,b\n'.repeat(10_000);
    const web = await openWeb({
      '/data.csv': (_, response) =>
        response.setHeader('content-encoding', 'gzip').setHeader('content-type', 'text/csv').end(gzipSync(text)),
    });
    const job = await stage.startJob('test', [fileRequest(`${web.url}/data.csv`, 'data.csv')]);
    await stage.drain(stage.tools([scraper()]));
    expect(await stage.cloud.objects.getText(keys.files(job.id, 'data.csv'))).toBe(text);
  });

  it('that fails leaves no object, and an error line that can be dropped again', async () => {
    const web = await openWeb({
      '/large': (_, response) => response.end(randomBytes(100_000)),
      '/cut': (_, response) => {
        response.setHeader('content-length', '1000000');
        response.write(randomBytes(500_000), () => response.destroy());
      },
      '/bomb': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(5_000_000))),
      '/garbled': (_, response) => response.setHeader('content-encoding', 'gzip').end('this is no gzip'),
    });
    const limits: Readonly<Record<string, number>> = {
      '/large': 50_000,
      '/cut': 2_000_000,
      '/bomb': 1_000_000,
      '/garbled': 1_000_000,
      '/gone': 1_000,
    };
    const requests = Object.entries(limits).map(([path, maxBytes]) => fileRequest(web.url + path, path.slice(1), maxBytes));
    const job = await stage.startJob('test', requests);
    await stage.drain(stage.tools([scraper()]));
    const errors = await errorLines(stage.cloud.objects);
    expect(Object.fromEntries(errors.map((e) => [new URL(e.url).pathname, e.code]))).toEqual({
      '/large': 'too-large',
      '/cut': 'connect',
      '/bomb': 'too-large',
      '/garbled': 'protocol',
      '/gone': 'http-404',
    });
    expect(errors.find((e) => e.url.endsWith('/cut'))).toMatchObject({ page: FILE_PAGE, file: { name: 'cut', maxBytes: 2_000_000 } });
    expect(await Array.fromAsync(stage.cloud.objects.list('files/'))).toEqual([]);
    expect((await stage.summary(job)).requests).toMatchObject({ total: 5, failed: 5, pending: 0 });
  });

  it('comes back when it is the bucket that fails', async () => {
    const web = await openWeb({ '/film': (_, response) => response.end('film') });
    await stage.startJob('test', [fileRequest(`${web.url}/film`, 'film')]);
    const { objects } = stage.cloud;
    const putStream = objects.putStream.bind(objects);
    objects.putStream = async (key, body, options) => {
      if (key.startsWith('files/')) throw new Error('SlowDown');
      await putStream(key, body, options);
    };
    expect(await stage.invoke(stage.tools([scraper()]))).toHaveLength(1);
    objects.putStream = putStream;
    expect(await errorLines(objects)).toEqual([]);
  });
});

describe('cookies', () => {
  const titles = async () => (await resultLines(stage.cloud.objects)).map((r) => (r.item as { title: string }).title).toSorted();
  const members: Record<string, Page> = {
    '/login': (request, response) => {
      response.setHeader('set-cookie', 'session=abc; Path=/; HttpOnly');
      response.writeHead(302, { location: '/home' }).end(request.method);
    },
    '/home': (request, response) =>
      response
        .setHeader('content-type', 'text/html')
        .end(request.headers.cookie === 'session=abc' ? html('Welcome', '/inside') : html('Who are you?')),
    '/inside': (request, response) =>
      response.setHeader('content-type', 'text/html').end(html(request.headers.cookie === 'session=abc' ? 'Inside' : 'Outside')),
  };

  it('are kept for a job where the scraper asks for it, from one batch to the next', async () => {
    const web = await openWeb(members);
    await stage.startJob('test', [{ url: `${web.url}/login`, method: 'POST', body: 'user=me' }]);
    await stage.drain(stage.tools([scraper({ request: { cookies: 'keep' } })]));
    expect(await titles()).toEqual(['Inside', 'Welcome']);
  });

  it('are nobody else’s: another job of the same host begins without', async () => {
    const web = await openWeb(members);
    const tools = stage.tools([scraper({ request: { cookies: 'keep' } })]);
    await stage.startJob('test', [{ url: `${web.url}/login`, method: 'POST', body: 'user=me' }]);
    await stage.drain(tools);
    await stage.startJob('test', [{ url: `${web.url}/inside` }], { id: 'test-other' });
    await stage.drain(tools);
    expect(await titles()).toEqual(['Inside', 'Outside', 'Welcome']);
  });

  it('are not kept unless the scraper asks for it', async () => {
    const web = await openWeb(members);
    await stage.startJob('test', [{ url: `${web.url}/login` }]);
    await stage.drain(stage.tools([scraper()]));
    expect(await titles()).toEqual(['Who are you?']);
  });
});
