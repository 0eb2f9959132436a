import { describe, expect, test } from 'vitest';
import page from '../../functions/scrapers/page.ts';
import { pageLimits, type PageFacts } from '../../functions/scrapers/page-source.ts';
import { run } from '../scraper/run.ts';

async function factsOf(body: string, url = 'https://site.example/blog/post'): Promise<PageFacts> {
  const { items } = await run(page, body, { page: { url } });
  return items[0] as unknown as PageFacts;
}

const post = `<!doctype html>
<html lang="en-GB"><head>
<title> A  walk
 by the sea </title>
<meta name="Description" content="Where we went.">
<link rel="canonical" href="/blog/walk">
<link rel="alternate" type="application/rss+xml" title="All posts" href="/feed.xml">
<link rel="alternate" hreflang="de" href="/de/">
<meta property="og:title" content="A walk"><meta property="og:image" content="/1.jpg"><meta property="og:image" content="/2.jpg">
<meta property="article:published_time" content="2024-03-05">
<meta name="twitter:card" content="summary">
<script type="application/ld+json">{"@type": "BlogPosting", "name": "A walk"}</script>
<script type="application/ld+json">{broken</script>
<script type="application/ld+json"><!-- {"@type": "Person", "bio": "two
lines"} --></script>
<style>p { color: red }</style>
</head><body>
<h1>A walk</h1><h2>By <em>the</em> sea</h2><h2> </h2>
<p>We don’t walk<br>alone. <a href="next#top" rel="next">Next</a> <a href="next">Next again</a>
<a href="/photo"><img src="/p.jpg" alt="A gull"></a> <a href="mailto:a@b.example">mail</a> <a href="javascript:void(0)">js</a></p>
<img src="data:image/gif;base64,R0lGOD" data-src="/late.jpg"><img srcset="/wide.jpg 2x, /small.jpg"><img src="/p.jpg">
<script>var hidden = 'unseen';</script><noscript>unseen</noscript>
</body></html>`;

describe('page', () => {
  test('tells what a page says about itself', async () => {
    expect(await factsOf(post)).toEqual({
      title: 'A walk by the sea',
      description: 'Where we went.',
      canonical: 'https://site.example/blog/walk',
      language: 'en-GB',
      headings: [
        { level: 1, text: 'A walk' },
        { level: 2, text: 'By the sea' },
      ],
      links: [
        { url: 'https://site.example/blog/next', text: 'Next', rel: 'next' },
        { url: 'https://site.example/photo', text: 'A gull' },
      ],
      images: [
        { url: 'https://site.example/p.jpg', alt: 'A gull' },
        { url: 'https://site.example/late.jpg' },
        { url: 'https://site.example/wide.jpg' },
      ],
      jsonLd: [
        { '@type': 'BlogPosting', name: 'A walk' },
        { '@type': 'Person', bio: 'two lines' },
      ],
      openGraph: { title: 'A walk', image: ['/1.jpg', '/2.jpg'], 'article:published_time': '2024-03-05' },
      twitter: { card: 'summary' },
      feeds: [{ url: 'https://site.example/feed.xml', title: 'All posts', type: 'application/rss+xml' }],
      words: 14,
      text: 'A walk By the sea We don’t walk alone. Next Next again mail js',
    });
  });

  test('of nothing has empty lists', async () => {
    expect(await factsOf('')).toEqual({
      headings: [],
      links: [],
      images: [],
      jsonLd: [],
      openGraph: {},
      twitter: {},
      feeds: [],
      words: 0,
      text: '',
    });
  });

  test.each([
    ['in the wrong place', '<p>x</p><title>Late</title>', 'Late'],
    ['twice', '<title>First</title><title>Second</title>', 'First'],
    ['beside that of a drawing', '<svg><title>Icon</title></svg><title>Page</title>', 'Page'],
    ['missing, with Open Graph', '<meta property="og:title" content="From the card">', 'From the card'],
    ['empty, with Open Graph', '<title> </title><meta property="og:title" content="From the card">', 'From the card'],
    ['with entities', '<title>Fish &amp; chips &#8211; &lt;b&gt;</title>', 'Fish & chips – <b>'],
    ['never closed', '<title>Open <p>text', 'Open <p>text'],
  ])('finds a title %s', async (_, body, title) => {
    expect((await factsOf(body)).title).toBe(title);
  });

  test('resolves against base href', async () => {
    const facts = await factsOf('<base href="https://cdn.example/x/"><link rel=canonical href=c><a href=a>a</a><img src=i>');
    expect([facts.canonical, facts.links[0]?.url, facts.images[0]?.url]).toEqual([
      'https://cdn.example/x/c',
      'https://cdn.example/x/a',
      'https://cdn.example/x/i',
    ]);
  });

  test('takes a link’s later text where the first has none', async () => {
    expect((await factsOf('<a href="/a"><img src=x></a><a href="/a">Word</a><a href="/b"></a>')).links).toEqual([
      { url: 'https://site.example/a', text: 'Word' },
      { url: 'https://site.example/b', text: '' },
    ]);
  });

  test.each([
    ['English', 'en', 'It’s a well-known 3.5 km walk.', 6],
    ['Japanese', 'ja', '東京へ行きます', 4],
    ['Thai', 'th', 'ฉันรักแมว', 3],
    ['Chinese with English', 'zh', '我喜欢 TypeScript', 3],
    ['Devanagari', 'hi', 'नमस्ते दुनिया', 2],
    ['an odd language tag', '!!', '我喜欢', 2],
  ])('counts words in %s', async (_, lang, text, words) => {
    expect((await factsOf(`<html lang="${lang}"><p>${text}</p>`)).words).toBe(words);
  });

  test('leaves a trace of every limit', async () => {
    const many = (n: number, one: (i: number) => string) => Array.from({ length: n }, (_, i) => one(i)).join('');
    const facts = await factsOf(
      `<title>${'t'.repeat(2_000)}</title>` +
        many(300, (i) => `<h2>${i}</h2>`) +
        many(2_100, (i) => `<a href="/${i}">x</a>`) +
        many(600, (i) => `<img src="/${i}.png">`) +
        many(60, (i) => `<link rel=alternate type=application/atom+xml href="/${i}">`) +
        many(120, (i) => `<meta property="og:p${i}" content="x">`) +
        many(60, () => '<script type="application/ld+json">1</script>') +
        `<p>${'word '.repeat(30_000)}</p>`,
    );
    expect(facts.truncated?.toSorted()).toEqual(['feeds', 'headings', 'images', 'jsonLd', 'links', 'openGraph', 'text', 'title']);
    expect(facts.title).toHaveLength(pageLimits.chars);
    expect(facts.links).toHaveLength(pageLimits.links);
    expect(facts.text).toHaveLength(pageLimits.text);
    // Of the whole text, not of what is kept of it.
    expect(facts.words).toBe(30_000 + 300 + 1);
    expect(JSON.stringify(facts).length).toBeLessThan(1_000_000);
  });

  test('at its limits exactly leaves none', async () => {
    const facts = await factsOf(
      Array.from({ length: pageLimits.links }, (_, i) => `<a href="/${i}">x</a>`).join('') + '<a href="/0">again</a>',
    );
    expect(facts.truncated).toBeUndefined();
  });

  test('never cuts a character in half', async () => {
    const facts = await factsOf(`<title>${'a'.repeat(pageLimits.chars - 1)}😀</title>`);
    expect(facts.title?.isWellFormed()).toBe(true);
  });

  test('leaves out linked data that nests without end', async () => {
    const facts = await factsOf(`<script type="application/ld+json">${'['.repeat(50_000)}${']'.repeat(50_000)}</script>`);
    expect(facts.jsonLd).toEqual([]);
  });
});
