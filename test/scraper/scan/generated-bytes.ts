import fc from 'fast-check';
import { books } from '../../../infra/local/sample-shop-books.ts';
import { bookPage } from '../../../infra/local/sample-shop-pages.ts';
import { anyPage } from './generated-pages.ts';

/** Signs that a tokenizer looks at. */
const SIGNS = ['<', '<', '<', '>', '>', '/', '/', '!', '-', '-', '--', '?', '=', '"', "'", '&', ';', '#', '[', ']', '`', ',', '.'];
const BLANKS = [' ', ' ', '\n', '\t', '\f', '\r', '\r\n', '\0'];
const LETTERS = [
  'a',
  'A',
  'b',
  'P',
  'x',
  'Z',
  's',
  'S',
  't',
  'k',
  '0',
  '9',
  'é',
  '日',
  '😀',
  '\u212A',
  'İ',
  '\u00A0',
  '\uFEFF',
  '\x1c',
  '\x0f',
];
const NAMES = (
  'p P div a A b li br BR td tr table select option form image img input body head script script SCRIPT Style style title title TITLE ' +
  'textarea noscript template iframe xmp noembed noframes plaintext svg SVG math foreignObject desc mi annotation-xml h1 button x-y h\u0131 scripts'
).split(' ');
const OPENINGS = [
  '<!--',
  '<!--',
  '-->',
  '-->',
  '--!>',
  '<!-->',
  '<!--->',
  '<!',
  '<!doctype',
  '<!DOCTYPE html>',
  '<![CDATA[',
  ']]>',
  ']]',
  '<?',
  '</',
  '/>',
  '</>',
];
const SCRIPTS = [
  '<!--<script>',
  '<!--<script',
  '<script><!--<script>',
  '<script',
  '<script>',
  '</script',
  '</script>',
  '</SCRIPT >',
  '--></script>',
  '</script\f>',
  '</title\t',
  '</style\r>',
  '</textarea\n/>',
  '</xmp/',
];
const ATTRIBUTES = [
  ' a=',
  ' A="b"',
  " a='",
  ' href="',
  '" b',
  "' c",
  ' class=x',
  ' a a',
  ' =',
  ' "',
  '=">"',
  ' a/b',
  ' k=1 \u212A=2',
  ' x =  y',
];
const REFERENCES = (
  '&amp; &amp &AMP &lt; &lt &notit; &not &notin; &#65; &#x41; &#x41 &#0; &#128; &#13; &#10; &#xD800; &#x110000; &nvlt; &fjlig; &ampx= &amp= ' +
  '&; &# &#x &x; &copy1 &frac12'
).split(' ');
/** Parts of characters in UTF-8, and bytes that are none. */
const BROKEN = [[0xc3], [0xe6, 0x97], [0xf0, 0x9f, 0x98], [0x80], [0xbf], [0xff], [0xfe], [0xc0, 0xbc], [0xed, 0xa0, 0x80]];

const text = (weight: number, parts: readonly string[]) => ({
  weight,
  arbitrary: fc.constantFrom(...parts).map((part) => Buffer.from(part)),
});
const sign = fc.oneof(
  text(10, SIGNS),
  text(5, BLANKS),
  text(6, LETTERS),
  text(4, NAMES),
  text(
    4,
    NAMES.map((name) => `<${name}`),
  ),
  text(
    6,
    NAMES.map((name) => `<${name}>`),
  ),
  text(
    5,
    NAMES.map((name) => `</${name}>`),
  ),
  text(
    2,
    NAMES.map((name) => `</${name}`),
  ),
  text(5, OPENINGS),
  text(3, SCRIPTS),
  text(4, ATTRIBUTES),
  text(4, REFERENCES),
  { weight: 2, arbitrary: fc.constantFrom(...BROKEN).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(255).map((byte) => Buffer.of(byte)) },
);

/** Bytes in no order, most of which mean something to a tokenizer. */
export const byteSoup: fc.Arbitrary<Buffer> = fc.array(sign, { minLength: 1, maxLength: 40 }).map((parts) => Buffer.concat(parts));

/** What can happen to a part of a page. */
const EDITS: readonly ((part: Buffer, soup: Buffer) => readonly Uint8Array[])[] = [
  () => [],
  (part) => [part, part],
  (part, soup) => [soup, part],
  (_, soup) => [soup],
  (part) => [Buffer.of((part[0] ?? 0) ^ (1 << (part.length % 8))), part.subarray(1)],
  (part) => [Uint8Array.from(part).toReversed()],
];
interface Edit {
  readonly change: (typeof EDITS)[number];
  readonly place: number;
  readonly length: number;
  readonly soup: Buffer;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  change: fc.constantFrom(...EDITS),
  place: fc.nat(),
  length: fc.nat(60),
  soup: fc.array(sign, { minLength: 1, maxLength: 4 }).map((parts) => Buffer.concat(parts)),
});

function edited(page: Buffer, { change, place, length, soup }: Edit): Buffer {
  const at = place % (page.length + 1);
  return Buffer.concat([page.subarray(0, at), ...change(page.subarray(at, at + length), soup), page.subarray(at + length)]);
}

/** Pages that somebody wrote or that are generated, damaged in a few places. */
export const damagedPage: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...books.slice(0, 20)).map((book) => bookPage(book)),
      anyPage,
    ),
    fc.array(edit, { minLength: 1, maxLength: 6 }),
    fc.option(fc.nat(), { freq: 4 }),
  )
  .map(([page, edits, end]) => {
    const damaged = edits.reduce(edited, Buffer.from(page));
    return end === null ? damaged : damaged.subarray(0, end % (damaged.length + 1));
  });
