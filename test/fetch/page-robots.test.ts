import { describe, expect, test } from 'vitest';
import { readPageRobots } from '../../functions/fetch/page-robots.ts';
import { pageOf, requestTo, startSite, testFetcher } from './harness.ts';

const read = (html: string, headers: Readonly<Record<string, string>> = {}) => readPageRobots(headers, Buffer.from(html), 'urldrop');

describe('nofollow', () => {
  test.each([
    '<meta name="robots" content="nofollow">',
    '<META NAME=ROBOTS CONTENT="NOINDEX, NOFOLLOW">',
    "<meta content='none' name='robots'/>",
    '<meta name="urldrop" content="noindex,nofollow">',
    '<meta name=robots content=index><meta name=robots content=nofollow>',
  ])('%s asks for it', (html) => {
    expect(read(html)?.nofollow).toBe(true);
  });

  test.each([
    '<meta name="robots" content="noindex">',
    '<meta name="robots" content="index, follow">',
    '<meta name="otherbot" content="nofollow">',
    '<meta name="robots" content="notnofollow">',
    '<!-- <meta name="robots" content="nofollow"> -->',
    '<script>x = \'<meta name="robots" content="nofollow">\'</script>',
    '<title><meta name="robots" content="nofollow"></title>',
    '<a title=\'<meta name="robots" content="nofollow">\'>',
    '<p>about robots and nofollow</p>',
  ])('%s does not', (html) => {
    expect(read(html)?.nofollow ?? false).toBe(false);
  });

  test.each([
    ['nofollow', true],
    ['noindex, nofollow', true],
    ['none', true],
    ['urldrop: nofollow', true],
    ['otherbot: noindex, urldrop: noindex, nofollow', true],
    ['max-snippet: 20, nofollow', true],
    ['unavailable_after: 25 Jun 2030 15:00:00 PST, nofollow', true],
    ['otherbot: nofollow', false],
    ['otherbot: noindex, nofollow', false],
    ['noindex', false],
    ['', false],
  ])('X-Robots-Tag %j: %s', (value, expected) => {
    expect(read('', { 'x-robots-tag': value })?.nofollow).toBe(expected);
  });
});

test('what a page says is recorded as written', () => {
  const html = '<meta name="Robots" content="NoIndex,\n max-snippet:5"><meta name="tdm-policy" content="https://example.org/Policy.json">';
  expect(read(html, { 'x-robots-tag': 'otherbot: none', 'content-usage': 'train-ai=n', 'tdm-reservation': '1' })).toEqual({
    directives: ['x-robots-tag: otherbot: none', 'meta robots: NoIndex, max-snippet:5'],
    nofollow: false,
    signals: ['content-usage: train-ai=n', 'tdm-reservation: 1', 'meta tdm-policy: https://example.org/Policy.json'],
  });
});

test('most pages say nothing', () => {
  expect(read('<title>robots</title><p>x')).toBeUndefined();
  expect(readPageRobots({}, undefined, 'urldrop')).toBeUndefined();
});

test('a fetched page has it, and so has its provenance', async () => {
  const site = await startSite((request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html',
      ...(request.url === '/tagged' && { 'x-robots-tag': 'noindex', 'content-signal': 'ai-train=no' }),
    });
    response.end(request.url === '/tagged' ? '<meta name="urldrop-test" content="nofollow">' : '<p>');
  });
  const fetcher = testFetcher();
  const page = await pageOf(fetcher.fetch(requestTo(`${site.origin}/tagged`)));
  expect(page.robots).toMatchObject({ nofollow: true });
  expect(page.provenance).toMatchObject({
    robots: ['x-robots-tag: noindex', 'meta urldrop-test: nofollow'],
    signals: ['content-signal: ai-train=no'],
  });
  const plain = await pageOf(fetcher.fetch(requestTo(`${site.origin}/plain`)));
  expect(plain).not.toHaveProperty('robots');
  expect(plain.provenance).not.toHaveProperty('robots');
});
