import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityEnd, requestLine } from '../../functions/enqueue/request-line.ts';
import { requestKey, type Json, type Request } from '../../functions/job/request.ts';
import { normalise } from '../../functions/urls/normal-form.ts';

const text = fc.oneof(fc.constantFrom('', 'a', '"', '\\', '\\"', '","page":"x', '"}', ',"body":"b"', 'ü\n'), fc.string({ maxLength: 8 }));
/** Readers give no empty page type or body. */
const some = text.filter((value) => value !== '');
const url = fc
  .tuple(fc.constantFrom('http://a/', 'http://a/?q='), text)
  .map(([start, rest]) => normalise(start + rest))
  .filter((value) => value !== undefined);
const request: fc.Arbitrary<Request> = fc.record(
  {
    url,
    page: some,
    method: fc.constantFrom('POST', 'PUT'),
    body: some,
    headers: fc.dictionary(text, text),
    data: fc.jsonValue({ maxDepth: 1 }).map((value) => value as Json),
    depth: fc.nat(3),
  },
  { requiredKeys: ['url'] },
);

describe('the line of a request', () => {
  it('is the request, and begins with its identity: the same up to there exactly if the request is the same', () => {
    let same = 0;
    fc.assert(
      fc.property(request, request, fc.boolean(), (a, b, isAlike) => {
        const other = isAlike ? { ...b, url: a.url, page: a.page ?? 'p', method: a.method, body: a.body } : b;
        const left = { ...a, ...(isAlike && { page: a.page ?? 'p' }) };
        const [one, two] = [left, JSON.parse(JSON.stringify(other)) as Request].map((value) => {
          const line = requestLine(value);
          expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
          const bytes = Buffer.from(`xx${line}`);
          return { key: requestKey(value), identity: bytes.toString('utf8', 2, identityEnd(bytes, 2)) };
        });
        if (one?.key === two?.key) same++;
        expect(one?.identity === two?.identity).toBe(one?.key === two?.key);
      }),
      { numRuns: 20_000 },
    );
    expect(same).toBeGreaterThan(1_000);
  });
});
