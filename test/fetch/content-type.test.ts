import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptHeader, accepts, guessMediaType, parseContentType } from '../../functions/fetch/content-type.ts';
import { failureOf, pageOf, requestTo, startSite, testFetcher } from './harness.ts';

describe('a Content-Type header', () => {
  test.each([
    ['text/html', 'text/html', undefined],
    [' Text/HTML ', 'text/html', undefined],
    ['text/html;charset=utf-8', 'text/html', 'utf-8'],
    ['text/html; a=b ; CHARSET = "UTF-8" ; c', 'text/html', 'UTF-8'],
    ['text/html; charset="a\\"b"', 'text/html', 'a"b'],
    ['text/html; x="; charset=wrong"; charset=right', 'text/html', 'right'],
    ['text/html; charset=; charset=second', 'text/html', 'second'],
    ['text/html; charset', 'text/html', undefined],
    ['text/html; charset="open', 'text/html', 'open'],
    ['application/vnd.api+json', 'application/vnd.api+json', undefined],
    ['html', '', undefined],
    ['text/', '', undefined],
    ['text/ht ml; charset=x', '', undefined],
    ['', '', undefined],
    [undefined, '', undefined],
  ])('%j is %j with charset %j', (header, mediaType, charset) => {
    expect(parseContentType(header)).toEqual(charset === undefined ? { mediaType } : { mediaType, charset });
  });

  test('of any text never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseContentType(`text/html;${text}`).mediaType).toBe('text/html');
        expect(parseContentType(text).mediaType).toBeTypeOf('string');
      }),
    );
  });
});

describe('what a scraper takes', () => {
  test.each([
    ['text/html', 'text/html', true],
    ['text/html', 'text/htmlx', false],
    ['text/*', 'text/csv', true],
    ['text/*', 'application/text', false],
    ['application/*+json', 'application/ld+json', true],
    ['application/*+json', 'application/json', false],
    ['*', 'image/png', true],
    ['*/*', 'image/png', true],
  ])('%s and %s: %s', (pattern, mediaType, expected) => {
    expect(accepts([pattern], mediaType)).toBe(expected);
  });

  test('is asked for, and anything else rather than an error', () => {
    expect(acceptHeader(['text/html', 'application/xhtml+xml'])).toBe('text/html, application/xhtml+xml, */*;q=0.1');
    expect(acceptHeader(['text/html', '*'])).toBe('*/*');
  });
});

describe('a body without a type', () => {
  test.each([
    ['<!DOCTYPE html><p>', 'text/html'],
    ['\n\t <p>', 'text/html'],
    ['\u{FEFF}<html>', 'text/html'],
    ['<!-- x -->', 'text/html'],
    ['<?xml version="1.0"?>', 'text/xml'],
    ['plain words', 'text/plain'],
    ['{"a":1}', 'text/plain'],
    ['\x89PNG\r\n\x1a\n\0', 'application/octet-stream'],
    ['%PDF-1.7\n\x01', 'application/octet-stream'],
  ])('%j is %s', (body, expected) => {
    expect(guessMediaType(Buffer.from(body))).toBe(expected);
  });
});

describe('a fetch', () => {
  const siteOf = (type: string | undefined, body: string | Buffer) =>
    startSite((_request, response) => response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body));

  test.each(['image/png', 'application/pdf', 'application/json', 'text/css'])(
    'of %s is content-type, where HTML is wanted',
    async (type) => {
      const site = await siteOf(type, 'bytes');
      const error = await failureOf(testFetcher().fetch(requestTo(site.origin)));
      expect(error).toMatchObject({ code: 'content-type', next: 'never', status: 200 });
      expect(error.message).toContain(`${type} is none of text/html, application/xhtml+xml`);
    },
  );

  test.each(['application/json', 'application/xml', 'text/plain', 'application/pdf'])(
    'of %s is a page where the scraper takes it',
    async (type) => {
      const site = await siteOf(type, 'bytes');
      const page = await pageOf(testFetcher().fetch(requestTo(site.origin, { accept: [type] })));
      expect(page.contentType).toBe(type);
    },
  );

  test('of a page without a type goes by what it looks like', async () => {
    expect((await pageOf(testFetcher().fetch(requestTo((await siteOf(undefined, '<html>')).origin)))).contentType).toBe('text/html');
    expect(await failureOf(testFetcher().fetch(requestTo((await siteOf(undefined, Buffer.from([0, 1, 2]))).origin)))).toMatchObject({
      code: 'content-type',
    });
  });
});
