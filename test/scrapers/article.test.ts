import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildScraper } from '../../functions/scraper/define-scraper.ts';
import article from '../../functions/scrapers/article.ts';
import { articleLimits, readArticle, type Article } from '../../functions/scrapers/article-reader.ts';
import { errorOf, run } from '../scraper/run.ts';

const URL_OF_PAGE = 'https://quay.example/news/tides';
const TIDE = 'The tide comes in twice a day, later each time, and nobody at the quay has ever asked it to hurry. ';

async function read(body: string): Promise<Article> {
  const { items } = await run(article, body, { page: { url: URL_OF_PAGE } });
  expect(items).toHaveLength(1);
  return items[0] as unknown as Article;
}

/** A page as news sites build them: the article between everything else. */
function newsPage(parts: { head?: string; body?: string; lang?: string } = {}): string {
  const { head = '', body = `<p>${TIDE.repeat(4)}</p><p>${TIDE.repeat(4)}</p>`, lang = 'en-GB' } = parts;
  return `<!DOCTYPE html><html lang="${lang}"><head><title>Tides of the quay - The Quay Herald</title>${head}</head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<div class="cookie-banner"><p>We use cookies. <button>Fine</button></p></div>
<main><article><h1>Tides of the quay</h1>${body}</article>
<aside class="sidebar"><h2>Most read</h2><ul><li><a href="/1">Otter seen again, third time</a></li></ul></aside></main>
<footer>© The Quay Herald, all rights reserved, <a href="/terms">terms</a></footer>
<script>window.alert('x'); document.title = 'changed'</script></body></html>`;
}

describe('an article', () => {
  test('is found among everything else on its page', async () => {
    const found = await read(newsPage());
    expect(found).toMatchObject({ title: 'Tides of the quay', language: 'en-GB', words: 168 });
    expect(found.text).toBe(TIDE.repeat(8).trim());
    expect(found.markdown).toBe(`${TIDE.repeat(4).trim()}\n\n${TIDE.repeat(4).trim()}`);
    expect(found.excerpt).toContain('The tide comes in');
    expect(found.truncated).toBeUndefined();
  });

  test('has what the page says of it in meta elements', async () => {
    const head = `<meta name="author" content="Noor Sand"><meta property="og:site_name" content="The Quay Herald">
<meta property="og:image" content="/img/lead.jpg"><meta name="description" content="Twice a day, and later each time.">
<meta property="article:published_time" content="2024-03-05T10:00:00+01:00"><meta property="article:modified_time" content="2024-03-06">
<link rel="canonical" href="/news/tides?ref=1">`;
    expect(await read(newsPage({ head }))).toMatchObject({
      byline: 'Noor Sand',
      siteName: 'The Quay Herald',
      image: 'https://quay.example/img/lead.jpg',
      excerpt: 'Twice a day, and later each time.',
      published: '2024-03-05T09:00:00.000Z',
      modified: '2024-03-06',
      canonical: 'https://quay.example/news/tides?ref=1',
    });
  });

  test('has what the page says of it as linked data', async () => {
    const data = {
      '@context': 'https://schema.org',
      '@graph': [
        { '@type': 'WebSite', name: 'Not this' },
        {
          '@type': ['Thing', 'NewsArticle'],
          headline: 'The tides of the quay',
          author: [{ '@type': 'Person', name: 'Noor Sand' }],
          datePublished: '2024-03-05',
          dateModified: '2024-03-07T08:00:00Z',
          image: [{ '@type': 'ImageObject', url: 'https://img.example/lead.jpg' }, 'https://img.example/2.jpg'],
        },
      ],
    };
    const head = `<script type="application/ld+json">${JSON.stringify(data)}</script><meta property="og:image" content="/logo.png">`;
    expect(await read(newsPage({ head }))).toMatchObject({
      image: 'https://img.example/lead.jpg',
      modified: '2024-03-07T08:00:00.000Z',
      published: '2024-03-05',
    });
  });

  test.each([
    ['a time element', '<time datetime="2024-03-05">last week</time>', '2024-03-05'],
    ['a date in words', '<p><time>5 March 2024</time></p>', '2024-03-05'],
    ['a date that can be read in two ways', '<p><time>03/04/2024</time></p>', undefined],
    ['no date', '', undefined],
  ])('with %s is dated by it', async (_, date, published) => {
    expect((await read(newsPage({ body: `${date}<p>${TIDE.repeat(8)}</p>` }))).published).toBe(published);
  });

  test('becomes Markdown with what it is made of', async () => {
    const filler = `<p>${TIDE.repeat(6)}</p>`;
    const body = `${filler}<h2>High | low</h2><p>See <a href="../table?y=2024">the <b>table</b></a>, <a href="javascript:alert(1)">not this</a>, <em>please</em>, and 2 * 3 * 4.</p>
<ol start="9"><li>nine</li><li>ten<ul><li>of them</li></ul></li></ol>
<blockquote><p>They come in.</p></blockquote>
<table><thead><tr><th>Port</th><th>Range</th></tr></thead><tbody><tr><td>Quay</td><td>3|4 m</td></tr><tr><td>Osyth</td></tr></tbody></table>
<pre><code class="language-js">const fence = \`\`\`;
  tide()</code></pre>
<figure><img data-src="/img/late.jpg" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="The quay"></figure>${filler}`;
    const { markdown, image } = await read(newsPage({ body }));
    const plain = TIDE.repeat(6).trim();
    expect(markdown.split(plain)[1]?.trim()).toBe(
      [
        '## High | low',
        String.raw`See [the **table**](https://quay.example/table?y=2024), not this, *please*, and 2 \* 3 \* 4.`,
        '9. nine\n10. ten\n    - of them',
        '> They come in.',
        '| Port | Range |\n| --- | --- |\n| Quay | 3\\|4 m |\n| Osyth |  |',
        '````js\nconst fence = ```;\n  tide()\n````',
        '![The quay](https://quay.example/img/late.jpg)',
      ].join('\n\n'),
    );
    expect(image).toBe('https://quay.example/img/late.jpg');
  });

  test('that writes about markup does not become any', async () => {
    const text = 'Write <b>bold</b>, *so* or &amp; so.';
    const { text: read_, markdown } = await read(
      newsPage({ body: `<p>${TIDE.repeat(8)}</p><p>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>` }),
    );
    expect(read_).toContain(text);
    expect(markdown).toContain(String.raw`Write \<b>bold\</b>, \*so\* or \&amp; so.`);
  });

  test.each([
    ['without any markup but line breaks', `<title>T</title>${`${TIDE}<br><br>`.repeat(20)}`],
    [
      'laid out by tables',
      `<table><tr><td><a href="/">Home</a><td><table><tr><td><p>${TIDE.repeat(5)}<p>${TIDE.repeat(5)}</table></table>`,
    ],
    ['with tags that are never closed', `<article><div><p><b><i>${TIDE.repeat(5)}<p>${TIDE.repeat(5)}`],
    ['with tags that close in the wrong order', `<article><p><b>${TIDE.repeat(9)}<i></b></p></i></article></div></div>`],
    ['in custom elements', `<x-app><x-page><x-text><p>${TIDE.repeat(9)}</p></x-text></x-page></x-app>`],
    ['below a noscript', `<noscript><img src="/a.jpg"></noscript><div><p>${TIDE.repeat(9)}</p></div>`],
    ['with names of the prototype', `<article __proto__="a" constructor="b"><p>${TIDE.repeat(9)}</p><__proto__>x</__proto__></article>`],
    ['with broken linked data', `<script type="application/ld+json">{"@type": "NewsArticle", </script><p>${TIDE.repeat(9)}</p>`],
    ['with NULs', `<p>\0${TIDE.repeat(9)}\0</p>`],
    ['in frames of half a page', `<body><p>${TIDE.repeat(9)}<p>And then <a href="`],
  ])('%s is read', async (_, body) => {
    const found = await read(body);
    expect(found.text).toContain(TIDE.repeat(4).trim());
    expect(found.markdown).toContain('nobody at the quay');
  });

  test('in another script is counted by its own words', async () => {
    const found = await read(newsPage({ lang: 'ja', body: `<p>${'潮は一日に二度満ちて、毎日少しずつ遅くなる。'.repeat(20)}</p>` }));
    expect(found.language).toBe('ja');
    expect(found.words).toBeGreaterThan(150);
  });

  test('that is very long is cut, and says so', async () => {
    const found = await read(newsPage({ body: `<p>${TIDE.repeat(30)}</p>`.repeat(120) }));
    expect(found.text).toHaveLength(articleLimits.text);
    expect(found.markdown).toHaveLength(articleLimits.markdown);
    expect(found.truncated).toEqual(['text', 'markdown']);
  });
});

describe('a page without an article is an invalid-item', () => {
  test.each([
    ['empty', ''],
    ['scripts only', '<html><body><div id="root"></div><script>render()</script></body></html>'],
    ['white space', '<p> \n\u00a0</p>'.repeat(20)],
    ['an image', '<img src="/a.jpg">'],
  ])('%s', async (_, body) => {
    const error = await errorOf(run(article, body));
    expect(error).toMatchObject({ code: 'invalid-item', message: expect.stringContaining('no text that could be an article') as string });
  });
});

describe('a hostile page ends as a named error or an item', () => {
  const quick = buildScraper<'page', unknown, unknown, unknown>(
    {
      name: 'article',
      parser: 'html5',
      limits: { maxNodes: 250_000, parseTime: 400 },
      pages: {
        page: {
          async *parse(context: { inTime: <T>(work: () => T) => T }) {
            const libraries = await import('../../functions/scrapers/article-libraries.ts');
            yield context.inTime(() => readArticle(context as never, libraries));
          },
        },
      },
    },
    undefined,
  );

  test.each([
    ['nested without end', '<div>'.repeat(100_000), 'too-complex'],
    ['a million elements', '<p>a'.repeat(1_000_000), 'too-complex'],
    ['markup that only escapes keep from being any', `<div><noscript>${'&lt;b&gt;'.repeat(300_000)}</noscript>`, 'invalid-item'],
  ])('%s', async (_, body, code) => {
    expect((await errorOf(run(article, body))).code).toBe(code);
  });

  test.each([
    ['paragraphs', `<article>${`<p>${TIDE}</p>`.repeat(40_000)}</article>`],
    ['list items', `<article><p>${TIDE.repeat(9)}</p><ol>${'<li>one of many, and then some'.repeat(60_000)}</ol>`],
  ])('work for longer than the page has, in %s', async (_, body) => {
    expect(await errorOf(run(quick, body))).toMatchObject({ code: 'parse', message: expect.stringContaining('in 400 ms') as string });
  });

  test.each([
    ['nested as deep as is allowed', `${'<div>'.repeat(900)}${TIDE.repeat(50)}`],
    [
      'a table of one wide row and many short ones',
      `<article><p>${TIDE.repeat(20)}</p><table><tr>${'<td>a'.repeat(3_000)}${'<tr><td>b'.repeat(3_000)}</table>`,
    ],
    ['links by the thousand', `<article><p>${TIDE.repeat(20)}${'<a href="/?q=%">x</a> '.repeat(3_000)}</p></article>`],
  ])('%s', async (_, body) => {
    expect((await read(body)).markdown.length).toBeLessThanOrEqual(articleLimits.markdown);
  });
});

test('nobody pays for the DOM before the first article', () => {
  const code = `
    import { registerHooks } from 'node:module';
    let libraries = 0;
    registerHooks({
      load: (url, context, next) => {
        if (/node_modules.*(readability|turndown)/.test(url)) libraries++;
        return next(url, context);
      },
    });
    const { scrapers } = await import(${JSON.stringify(join(import.meta.dirname, '../../functions/scrapers/index.ts'))});
    const before = libraries;
    const page = { url: 'https://a.example/', contentType: 'text/html', text: () => '<p>x' };
    await scrapers.article.run({ url: page.url }, page);
    console.log(JSON.stringify({ before, later: libraries > 1 }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ before: 0, later: true });
});
