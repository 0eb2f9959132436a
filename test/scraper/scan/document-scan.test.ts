import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baseUrlOf } from '../../../functions/scraper/links.ts';
import { buildTree } from '../../../functions/scraper/page-tree.ts';
import { DocumentScan } from '../../../functions/scraper/scan/document-scan.ts';
import { describePage } from '../../../functions/scrapers/page-facts.ts';
import { linksWith, PAGE_URL } from './both-ways.ts';
import { anyPage } from './generated-pages.ts';
import { packages, pagesOf } from './real-pages.ts';
import { LIMITS } from './tree-of-scan.ts';

/** What `describePage` asks a document for, and the base that addresses resolve against. */
const scan = new DocumentScan({
  html: [],
  'base[href]': [],
  'meta[content]': [],
  'title:not(svg title)': [],
  'link[rel~="canonical" i][href]': [],
  'link[rel~="alternate" i][href]': [],
  'script[type="application/ld+json" i]': [],
  'h1,h2,h3,h4,h5,h6': [],
  'a[href],area[href]': ['img[alt]'],
  img: [],
});

type Document = Parameters<typeof describePage>[0]['$'];

function facts($: Document): unknown {
  const links = linksWith(baseUrlOf($, PAGE_URL));
  return describePage({ $, absolute: (address) => links.absolute(address) });
}

function seen(body: Buffer): Document | undefined {
  return scan.read({ body, charset: 'UTF-8', text: () => new TextDecoder().decode(body) }, LIMITS);
}

function built(body: Buffer): Document {
  return buildTree(new TextDecoder().decode(body), { ...LIMITS, parser: 'htmlparser2', xml: false, baseUrl: PAGE_URL });
}

describe('the facts of a page are the same without a tree', () => {
  test('on pages broken in every way', () => {
    fc.assert(
      fc.property(anyPage, (page) => {
        const body = Buffer.from(page);
        const $ = seen(body);
        fc.pre($ !== undefined);
        expect(facts($)).toStrictEqual(facts(built(body)));
      }),
      { numRuns: 1_500, maxSkipsPerRun: 0.1 },
    );
  });

  test('with everything that a page can say of itself', () => {
    const body = Buffer.from(`<!doctype html><html lang="de"><head><title> A
      title </title><svg><title>no</title></svg><base href="/b/"><meta name=description content="D &amp; d"><meta property="og:image" content="/i.png">
      <link rel=canonical href="c"><link rel="alternate feed" type="application/rss+xml" href="f" title="F">
      <script type="application/ld+json">{"@type": "Thing"}</script></head><body><h1>Eins <b>zwei</b></h1><h2>${' '.repeat(1_200)}<i>x</i></h2>
      <a href="l" rel=nofollow><img alt="Bild" src="p.png"></a><a href="l">Text</a><map><area href=m alt=M></map>
      <p>${'viele <b>Worte</b> '.repeat(200)}</p><img data-src="q.png"></body></html>`);
    const $ = seen(body);
    expect($ && facts($)).toStrictEqual(facts(built(body)));
  });

  test('on pages of documentation packages, where they are installed', () => {
    for (const { path, body } of packages.flatMap((name) => pagesOf(name, 50))) {
      const $ = seen(body);
      expect({ path, facts: $ && facts($) }).toStrictEqual({ path, facts: facts(built(body)) });
    }
  });
});

test('a selector that the scan was not made for is noticed', () => {
  const $ = seen(Buffer.from('<p>a'));
  expect(() => $?.('p')).toThrow('The scan was not made for the selector "p".');
});
