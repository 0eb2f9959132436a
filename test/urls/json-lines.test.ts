import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorLine } from '../../functions/job/error-line.ts';
import { RequestError } from '../../functions/job/errors.ts';
import type { Json, Request } from '../../functions/job/request.ts';
import { read, shown } from './read.ts';

describe('JSON Lines', () => {
  it('give requests with all that a user may say of them, the URL in normal form', async () => {
    const line = {
      data: [1, { b: null }],
      url: 'HTTPS://A.example/x#y',
      page: 'detail',
      method: 'post',
      headers: { 'X-Key': 'v' },
      body: 'q=1',
      depth: 2,
    };
    expect(shown(await read(`\n${JSON.stringify(line)}\n{"url":"http://a.example/","method":"GET","depth":0}\n`, 'x.jsonl'))).toEqual([
      { ...line, url: 'https://a.example/x', method: 'POST' },
      { url: 'http://a.example/' },
    ]);
  });

  it.each([
    ['{"url":"https://a.example/"', 'is no JSON'],
    ['"https://a.example/"', 'is no JSON object. Write {"url": "https://…"}.'],
    ['[1]', 'is no JSON object'],
    ['null', 'is no JSON object'],
    ['{"uri":"https://a.example/"}', 'has the unknown field "uri". Did you mean "url"? Values of your own go under "data".'],
    ['{"page":"x"}', 'has no "url" with a text in it.'],
    ['{"url":7}', 'has no "url" with a text in it, but 7.'],
    ['{"url":"http://a/","attempts":1}', 'sets "attempts", which urldrop keeps for itself. Leave it out.'],
    ['{"url":"http://a/","tried":{"sinceMs":9e15}}', 'sets "tried", which urldrop keeps for itself. Leave it out.'],
    ['{"url":"http://a/","errand":{}}', 'sets "errand", which urldrop keeps for itself. Leave it out.'],
    ['{"url":"http://a/","claimed":true}', 'sets "claimed"'],
    ['{"url":"http://a/","location":"http://b/"}', 'sets "location"'],
    ['{"url":"http://a/","redirects":0}', 'sets "redirects"'],
    ['{"url":"http://a/","page":""}', 'needs a name of at most 200 characters as "page", not "".'],
    ['{"url":"http://a/","method":"TRACE"}', 'has the "method" "TRACE". Known: GET, HEAD,'],
    ['{"url":"http://a/","method":1}', 'has the "method" 1.'],
    ['{"url":"http://a/","body":"x"}', 'has a "body" but no "method". Add "method": "POST".'],
    ['{"url":"http://a/","method":"POST","body":{}}', 'needs a text as "body", not {}.'],
    ['{"url":"http://a/","depth":-1}', 'needs a whole number from 0 as "depth", not -1.'],
    ['{"url":"http://a/","headers":[]}', 'needs an object as "headers", not [].'],
    ['{"url":"http://a/","headers":{"a b":"c"}}', 'has a header name that HTTP does not allow: "a b".'],
    ['{"url":"http://a/","headers":{"a":"b\\r\\nc: d"}}', 'needs a text of one line as header "a", not "b\\r\\nc: d".'],
    ['{"url":"http://a/","headers":{"a":1}}', 'needs a text of one line as header "a", not 1.'],
  ])('answer %s with one fault', async (line, message) => {
    const entries = shown(await read(`{"url":"http://ok/"}\n${line}\n{"url":"http://ok/2"}\n`, 'x.jsonl'));
    expect(entries).toEqual([
      { url: 'http://ok/' },
      expect.stringContaining(`bad-line 2: Line 2 of x.jsonl ${message}`),
      { url: 'http://ok/2' },
    ]);
  });

  it('answer a url that is none as a bad URL, with the advice', async () => {
    expect(shown(await read('{"url":"a.example/x"}', 'x.jsonl'))).toEqual([
      'bad-url 1: Line 1 of x.jsonl has no scheme. Write https://a.example/x Its "url" reads: a.example/x',
    ]);
  });

  it('answer bytes that are not UTF-8 with a fault rather than with another URL', async () => {
    const bytes = Buffer.concat([Buffer.from('{"url":"http://a/'), Buffer.from([0xe4]), Buffer.from('"}\n{"url":"http://b/\ufffd"}\n')]);
    expect(shown(await read(bytes, 'x.jsonl'))).toEqual([
      expect.stringContaining('Line 1 of x.jsonl is not UTF-8'),
      { url: 'http://b/%EF%BF%BD' },
    ]);
  });
});

describe('a line of errors/', () => {
  const requests: fc.Arbitrary<Request> = fc.record(
    {
      url: fc.webUrl().map((url) => new URL(url).href),
      page: fc.stringMatching(/^[a-z]{1,8}$/),
      data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json),
      headers: fc.dictionary(fc.stringMatching(/^[a-z-]{1,8}$/), fc.stringMatching(/^[ -~]{0,8}$/)),
      depth: fc.integer({ min: 1, max: 9 }),
      attempts: fc.integer({ min: 1, max: 9 }),
      claimed: fc.constant(true as const),
      location: fc.constant('https://elsewhere.example/'),
      redirects: fc.integer({ min: 1, max: 9 }),
      tried: fc.constant({ sinceMs: 1, pausedMs: 0, code: 'timeout' } as const),
      errand: fc.constant({ origin: 'https://a.example', url: 'https://b.example/robots.txt', redirects: 1, tries: 0 }),
    },
    { requiredKeys: ['url'] },
  );

  it('reads back as the request that failed', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.option(fc.constantFrom('POST', 'PUT')), fc.string(), async (request, method, body) => {
        const failed: Request = { ...request, ...(method !== null && { method, body }) };
        const { attempts: _a, claimed: _c, location: _l, redirects: _r, tried: _t, errand: _e, ...own } = failed;
        if (own.body === '') delete (own as { body?: string }).body;
        const line = errorLine(failed, new RequestError('http-404', 'GET … gave 404', { status: 404 }), 'first', new Date(0));
        const entries = shown(await read(`${JSON.stringify({ ...line, line: 7 })}\n`, 'x.jsonl'));
        expect(entries).toEqual([{ ...own, page: own.page ?? 'first' }]);
      }),
      { numRuns: 500 },
    );
  });
});
