import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { sitemapLoader } from '../../functions/enqueue/load-sitemap.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import type { Fetcher } from '../../functions/fetch/types.ts';
import { DropStage } from './drop.ts';

const MAP = '<urlset><url><loc>https://a.example/1</loc></url></urlset>';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A site on loopback, and a loader that may reach it. */
async function site(answer: (path: string, response: ServerResponse, request: IncomingMessage) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request.url ?? '', response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fetcher: Fetcher = createFetcher({ userAgent: 'test', allowedNetworks: '127.0.0.0/8', maxSockets: 4 });
  closing.push(() => fetcher.close());
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, asked, load: sitemapLoader(() => Promise.resolve(fetcher)) };
}

describe('a sitemap on the web', () => {
  it('is fetched with its redirects; one that is a packed file stays packed', async () => {
    const { origin, load } = await site((path, response) => {
      if (path === '/old.xml') response.writeHead(301, { location: '/s.xml.gz' }).end();
      else response.writeHead(200, { 'content-type': 'application/x-gzip' }).end(gzipSync(MAP));
    });
    expect(gunzipSync(await load(`${origin}/old.xml`)).toString()).toBe(MAP);
  });

  it('that is gone is asked for once, one whose server stumbles again', async () => {
    let stumbles = 1;
    const { origin, asked, load } = await site((path, response) => {
      if (path === '/gone.xml') response.writeHead(404).end();
      else if (stumbles-- > 0) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'text/xml' }).end(MAP);
    });
    await expect(load(`${origin}/gone.xml`)).rejects.toMatchObject({ code: 'http-404' });
    expect(Buffer.from(await load(`${origin}/s.xml`)).toString()).toBe(MAP);
    expect(asked).toEqual(['/gone.xml', '/s.xml', '/s.xml']);
  });

  it('named by a dropped index becomes requests', async () => {
    const { origin, load } = await site((_, response) => response.writeHead(200, { 'content-type': 'text/xml' }).end(MAP));
    await using stage = await DropStage.start();
    const index = `<sitemapindex><sitemap><loc>${origin}/s.xml</loc></sitemap></sitemapindex>`;
    await stage.run(stage.tools({ loadSitemap: load }), await stage.drop('urls/index.xml', index));
    expect(await stage.allRequests()).toEqual([{ url: 'https://a.example/1' }]);
  });

  it('at an address that is not on the public web is an error line', async () => {
    const fetcher = createFetcher({ userAgent: 'test', allowedNetworks: '', maxSockets: 4 });
    closing.push(() => fetcher.close());
    await using stage = await DropStage.start();
    const index = '<sitemapindex><sitemap><loc>http://169.254.169.254/latest</loc></sitemap></sitemapindex>';
    await stage.run(stage.tools({ loadSitemap: sitemapLoader(() => Promise.resolve(fetcher)) }), await stage.drop('urls/index.xml', index));
    expect((await stage.job()).enqueued?.errors).toMatchObject({ 'blocked-address': { count: 1 } });
  });
});
