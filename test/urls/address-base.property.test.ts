import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressBase } from '../../functions/urls/address-base.ts';
import { normalise } from '../../functions/urls/normal-form.ts';

const bases = [
  'http://a.example',
  'https://a.example:8443/shop/books/',
  'http://a.example/x/y/page.html?q=1#top',
  'http://a.example/a//b/',
  'http://user:word@a.example/x/',
  "http://a.example/%7Ea/it's/{b}",
  'http://[::1]/a/b',
  'http://a.example/x/../y?z/w',
  'http://a.example/a/b?c/d',
  'http://a.example/x?',
  "http://a.example/x?it's/y",
  'http://a.example/%2e%2e/x/y',
  'http://a.example/x@y/z',
  'http://u@a.example/x/y',
  'http://127.0.0.1:8080/x/y',
  'HTTP://A.example/x/y',
  'http://127.1/x/y',
  'file:///tmp/a',
];
const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/', '../', './', '..', '.', '?', '#', '//', ':', '%2e', '%2E%2e/', '&', '=') },
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z0-9._~!$()*+,;@%[\]'-]{0,6}$/) },
  { weight: 1, arbitrary: fc.constantFrom(' ', '\t', '\n', '\\', '"', '|', '^', 'ä', '\u00a0', '\u0000', 'a b', 'C:', 'xn--') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'http://b.example/',
      'https://B.example',
      'http:',
      'https:/',
      'mailto:',
      'http://b.example:80/',
      'http://u@b.example/',
    ),
  },
);
const addresses = fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join(''));

it('an address resolves as the WHATWG parser resolves it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...bases), addresses, (base, address) => {
      const parsed = URL.parse(address.trim(), base);
      expect(new AddressBase(base).absolute(address)).toBe(parsed ? normalise(parsed.href) : undefined);
    }),
    { numRuns: 30_000 },
  );
});
