import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalEnd, normalise } from '../../functions/urls/normal-form.ts';

const TRICKY = [
  "/. /.. /%2e /.%2E/ // @ : :80 :443 :8080 xn-- xn--a .xn--p1ai 0x1 .1 1.2.3.4 256 # #a ? ?' ' | ^ ` { } < > % %zz %00 [ ] [::1]".split(
    ' ',
  ),
  [' ', '"', '\\', '\t', '\r', '\n', 'ä', 'ß', '\u3002', '\u00ad', '\u212a', '\u0000', '\u00a0', '\ufeff', '\ud800'],
].flat();
/** Text that lies close to URLs: their own characters, the odd ones that parsers treat apart, and whole tricky pieces. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z0-9./?=&%_~-]{0,12}$/) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
  { weight: 3, arbitrary: fc.constantFrom(...TRICKY) },
);
const urlLike = fc
  .tuple(
    fc.constantFrom('http://', 'https://', 'HTTP://', 'http:/', 'http:', 'https:\\\\', 'ftp://', '//', ''),
    fc.constantFrom('a.example', 'example.com/', 'a/', 'localhost', '127.0.0.1/', 'xn--bcher-kva.example/', ''),
    fc.array(piece, { maxLength: 6 }),
  )
  .map(([scheme, host, rest]) => scheme + host + rest.join(''));

describe('the normal form', () => {
  it('is reached in one step', () => {
    fc.assert(
      fc.property(fc.oneof(urlLike, fc.webUrl({ withFragments: true, withQueryParameters: true })), (raw) => {
        const once = normalise(raw);
        expect(once === undefined ? undefined : normalise(once)).toBe(once);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is an http(s) URL of ASCII without fragment', () => {
    fc.assert(
      fc.property(urlLike, (raw) => {
        expect(normalise(raw) ?? 'http://none/').toMatch(/^https?:\/\/[\x21\x22\x24-\x7e]+$/);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is what the WHATWG parser serialises, fragment apart', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (raw) => {
        expect(normalise(raw)).toBe(new URL(raw.split('#')[0] ?? '').href);
      }),
    );
  });
});

describe('the fast look at bytes', () => {
  it('never accepts anything that the parser would change or JSON would escape', () => {
    let accepted = 0;
    fc.assert(
      fc.property(urlLike, (raw) => {
        const bytes = Buffer.from(raw);
        const end = normalEnd(bytes, 0, bytes.length);
        const part = end < 0 ? 'http://none/' : bytes.toString('utf8', 0, end);
        if (end === bytes.length) accepted++;
        expect(normalise(part)).toBe(part);
        expect(JSON.stringify(part)).toBe(`"${part}"`);
      }),
      { numRuns: 60_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
  });

  it('gives the same answer wherever the URL lies in a larger buffer', () => {
    fc.assert(
      fc.property(urlLike, fc.constantFrom('\n', '\r\n', ' ', '"'), (raw, after) => {
        const alone = Buffer.from(raw);
        const inside = Buffer.from(`x\n${raw}${after}http://next/`);
        const end = normalEnd(alone, 0, alone.length);
        expect(normalEnd(inside, 2, 2 + alone.length)).toBe(end < 0 ? -1 : 2 + end);
        // What follows a whole URL is no part of it.
        expect(end === alone.length ? normalEnd(inside, 2, inside.length) : 2 + alone.length).toBe(2 + alone.length);
      }),
      { numRuns: 20_000 },
    );
  });
});
