import { describe, expect, test } from 'vitest';
import feed from '../../functions/scrapers/feed.ts';
import { run } from '../scraper/run.ts';

const rss = `<?xml version="1.0"?><rss version="2.0" xmlns:content="c" xmlns:dc="d" xmlns:media="m"><channel><title>Tide
 notes</title><link>https://shop.example/</link>
<item><title>High &amp; low</title><link>/posts/1</link><guid isPermaLink="false">p1</guid><pubDate>Tue, 05 Mar 2024 14:30:00 GMT</pubDate>
<dc:creator>Ada</dc:creator><category>sea</category><category>sea</category><category> tides </category>
<description>&lt;p&gt;Short&lt;/p&gt;</description><content:encoded><![CDATA[<p>Long</p>]]></content:encoded>
<enclosure url="/1.mp3" type="audio/mpeg" length="1234"/></item>
<item><guid>https://shop.example/posts/2</guid></item></channel></rss>`;

const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom notes</title>
<entry><title type="html">One</title><id>urn:1</id><link rel="self" href="/self"/><link href="/posts/1"/><link rel="enclosure" href="/a.zip" length="9"/>
<updated>2024-03-06T00:00:00Z</updated><published>2024-03-05T00:00:00Z</published><author><name>Noor</name><email>n@a.example</email></author>
<category term="sea"/><summary>Short</summary><content type="xhtml"><div>Long <b>one</b></div></content></entry></feed>`;

const rdf = `<rdf:RDF xmlns="http://purl.org/rss/1.0/"><channel><title>RDF notes</title></channel>
<item rdf:about="https://shop.example/posts/1"><title>One</title><link>https://shop.example/posts/1</link><dc:date>2024-03-05</dc:date></item></rdf:RDF>`;

const json = JSON.stringify({
  version: 'https://jsonfeed.org/version/1.1',
  title: 'JSON notes',
  items: [
    {
      id: 7,
      url: '/posts/1',
      title: 'One',
      content_html: '<p>Long</p>',
      date_published: '2024-03-05T10:00:00Z',
      authors: [{ name: 'Kofi' }, null],
      tags: ['sea', 3, {}],
      attachments: [{ url: '/1.mp3', mime_type: 'audio/mpeg', size_in_bytes: 12 }, 'odd'],
    },
    'odd',
  ],
});

describe('feed', () => {
  test.each(['application/rss+xml', 'text/html', 'text/plain'])('reads RSS, served as %s', async (contentType) => {
    expect((await run(feed, rss, { page: { contentType } })).items).toEqual([
      {
        feed: 'Tide notes',
        id: 'p1',
        title: 'High & low',
        url: 'https://shop.example/posts/1',
        published: '2024-03-05T14:30:00.000Z',
        authors: ['Ada'],
        summary: '<p>Short</p>',
        content: '<p>Long</p>',
        categories: ['sea', 'tides'],
        enclosures: [{ url: 'https://shop.example/1.mp3', type: 'audio/mpeg', bytes: 1234 }],
      },
      { feed: 'Tide notes', id: 'https://shop.example/posts/2', url: 'https://shop.example/posts/2' },
    ]);
  });

  test('reads Atom', async () => {
    expect((await run(feed, atom, { page: { contentType: 'application/atom+xml' } })).items).toEqual([
      {
        feed: 'Atom notes',
        id: 'urn:1',
        title: 'One',
        url: 'https://shop.example/posts/1',
        published: '2024-03-05T00:00:00.000Z',
        updated: '2024-03-06T00:00:00.000Z',
        authors: ['Noor'],
        summary: 'Short',
        content: '<div>Long <b>one</b></div>',
        categories: ['sea'],
        enclosures: [{ url: 'https://shop.example/a.zip', bytes: 9 }],
      },
    ]);
  });

  test('reads RDF', async () => {
    expect((await run(feed, rdf, { page: { contentType: 'application/rdf+xml' } })).items).toEqual([
      { feed: 'RDF notes', id: 'https://shop.example/posts/1', title: 'One', url: 'https://shop.example/posts/1', published: '2024-03-05' },
    ]);
  });

  test('reads JSON Feed and leaves out what is of a wrong type', async () => {
    expect((await run(feed, json, { page: { contentType: 'application/feed+json' } })).items).toEqual([
      {
        feed: 'JSON notes',
        id: '7',
        title: 'One',
        url: 'https://shop.example/posts/1',
        published: '2024-03-05T10:00:00.000Z',
        authors: ['Kofi'],
        content: '<p>Long</p>',
        categories: ['sea', '3'],
        enclosures: [{ url: 'https://shop.example/1.mp3', type: 'audio/mpeg', bytes: 12 }],
      },
      { feed: 'JSON notes' },
    ]);
  });

  test('finds the feeds that a page announces', async () => {
    const { items, follows } = await run(
      feed,
      '<link rel=alternate type="application/rss+xml" href="/rss"><link rel="alternate" hreflang=de href="/de"><link rel="Alternate" type="application/feed+json" href="https://feeds.other.example/x">',
    );
    expect(items).toEqual([]);
    expect(follows).toEqual([
      { url: 'https://shop.example/rss', depth: 1 },
      { url: 'https://feeds.other.example/x', depth: 1 },
    ]);
  });

  test('ends where a page announces none, or a feed has no entries', async () => {
    expect((await run(feed, '<p>x')).items).toEqual([]);
    expect((await run(feed, '<rss><channel></channel></rss>', { page: { contentType: 'text/xml' } })).items).toEqual([]);
    expect((await run(feed, '{}', { page: { contentType: 'application/json' } })).items).toEqual([]);
  });
});
