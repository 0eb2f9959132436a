import fc from 'fast-check';

/** Names that the rules of htmlparser2 know, and some that they do not. */
const NAMES = (
  'html head body title base link meta style script noscript template p div span a b i em li ul ol dl dt dd h1 h2 h3 table thead tbody tfoot ' +
  'tr th td form input select option optgroup button textarea datalist label br hr img image area svg math foreignObject foreignobject desc ' +
  'mi annotation-xml linearGradient circle path iframe noembed noframes xmp plaintext section article nav header footer rp rt ruby x-item ' +
  'DIV P Script TITLE lin\u212A a\u0130 h7 constructor __proto__ blockquotes'
).split(' ');

/** Names that pages are made of, so that selectors find something. */
const COMMON = 'div p span a li ul h1 h2 table tr td b section img br title'.split(' ');

const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...COMMON) }, { weight: 2, arbitrary: fc.constantFrom(...NAMES) });

const REFERENCES =
  '&amp; &lt; &gt &nbsp; &copy &notit; &#65; &#x41 &#0; &#128; &#xD800; &bogus; & &; &# &#x; &ampx= &amp= &Aacute &acE; &quot;'.split(' ');
const WORDS = [
  'one',
  'two',
  ' ',
  '\n',
  '  ',
  '\t',
  '\u00a0',
  'Ä',
  '日本',
  '😀',
  '5',
  '< 3',
  'a<',
  '<<',
  '\0',
  '\x1c',
  ',',
  '-',
  '\uFEFF',
  'x>y',
  "'",
  '"',
  '&&',
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...REFERENCES)), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));

const space = fc.constantFrom(' ', ' ', ' ', '\n', '\t', '  ', '/', ' / ');
const attributeName = fc.constantFrom(
  ...'class class class id id href href src rel data-id data-x lang name content title CLASS Id type disabled Kind dat\u212A-x <a "q =e constructor __proto__ x:y é'.split(
    ' ',
  ),
);
const VALUES = [
  'a',
  'b',
  'c',
  'a b',
  'b  a',
  'c\na',
  'A',
  'a-b',
  'en',
  'en-US',
  '',
  '/x',
  'https://a.example/?x=1&amp;y=2',
  'a&copy=b',
  '1',
  '日',
  'next',
  'description',
];
const value = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...VALUES) }, { weight: 1, arbitrary: text });
const attribute = fc
  .tuple(space, attributeName, fc.constantFrom('="', '="', "='", '=', ' = "', ' =', '', '', "= '"), value)
  .map(([gap, key, sign, raw]) => {
    const quote = sign.at(-1);
    if (sign.trim() === '') return `${gap}${key}${sign}`;
    if (quote === '"' || quote === "'") return `${gap}${key}${sign}${raw.replaceAll(quote, '')}${quote}`;
    return `${gap}${key}${sign}${raw.replaceAll(/[\s>]/g, '')}`;
  });

const startTag = fc
  .tuple(name, fc.array(attribute, { maxLength: 3 }), fc.constantFrom('>', '>', '>', '>', '>', ' >', '/>', ' / >'))
  .map(([tag, attributes, end]) => `<${tag}${attributes.join('')}${end}`);
const endTag = fc.tuple(name, fc.constantFrom('>', '>', '>', '>', ' >', ' x="1">', '/>')).map(([tag, end]) => `</${tag}${end}`);

const ODDITIES = [
  '<!-- c -->',
  '<!---->',
  '<!-->',
  '<!--->',
  '<!-- a --!> b -->',
  '<!-- -- > <p> -->',
  '<!DOCTYPE html>',
  '<!doctype',
  '<!x>',
  '<!>',
  '<!-',
  '<!-x>',
  '<?xml version="1.0"?>',
  '<?>',
  '</>',
  '</ p>',
  '</3>',
  '<![CDATA[ a > b ]]>',
  '<![CDATA[]]>',
  '<![CDA>',
  '<svg><title>t</title><![CDATA[x<y]]><a/>z</svg>',
  '<svg><foreignObject><p>in</p></foreignObject><style>s</style></svg>',
  '<math><mi><b>x</b></mi><p/>y</math>',
  '<script>if (a < b && "</p>") { } <!-- </scrip </script>',
  '<style>p > a { }</style >',
  '<title>t <b> &amp; <&amp; </title>',
  '<textarea> &lt; </textare </textarea/>',
  '<title>\x1c/title> x </title>',
  '<script>\x1c/script></script>',
  '<form><p>a<form class=a>b</form>',
  '<p>a</p></p>b</br>c',
  '<html lang=en class=a>',
  '</html>',
  '</body></html>',
  '<html>',
  '<base href="/b/">',
  '<',
  '</',
  '<a',
  '<a href="x',
  '<br/',
  '</p x',
];

const piece = fc.oneof(
  { weight: 10, arbitrary: startTag },
  { weight: 6, arbitrary: endTag },
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(...ODDITIES) },
);

const CONTAINERS = COMMON.filter((tag) => tag !== 'br' && tag !== 'img');

/** Markup with balance: elements inside of each other, so that paths and scopes meet something. */
function nested(depth: number): fc.Arbitrary<string> {
  if (depth === 0) return text;
  const element = fc
    .tuple(
      fc.constantFrom(...CONTAINERS),
      fc.array(attribute, { maxLength: 2 }),
      fc.array(nested(depth - 1), { minLength: 1, maxLength: 4 }),
    )
    .map(([tag, attributes, children]) => `<${tag}${attributes.join('')}>${children.join('')}</${tag}>`);
  return fc.oneof({ weight: 1, arbitrary: text }, { weight: 1, arbitrary: startTag }, { weight: 6, arbitrary: element });
}

/** Pages as no one would write them, broken in every way, some of them cut off anywhere. */
export const brokenPage: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: piece }, { weight: 1, arbitrary: nested(3) }), { maxLength: 24 }),
    fc.option(fc.nat(300), { freq: 5 }),
  )
  .map(([pieces, cut]) => (cut === null ? pieces.join('') : pieces.join('').slice(0, cut)));

/** Pages that hold together. */
export const soundPage: fc.Arbitrary<string> = fc
  .array(nested(4), { minLength: 2, maxLength: 6 })
  .map((parts) => `<!doctype html><html lang=en><head><title>T</title></head><body>${parts.join('\n')}</body></html>`);

export const anyPage = fc.oneof(brokenPage, soundPage);

/** Signs that mean something to a tokenizer, in no order. */
export const soup: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      ...(
        '< < < > > / / ! - - -- " \' = & ; # x a b p t i s A P T S é 日 \u212A \0 \x1c \x0f [ ] ]]> ? CDATA[ doctype title textarea script style svg ' +
        'math br p form html head /> </ <!-- --> <p> </p> <svg> <title> </title> <script> </script &amp &lt; mi foreignObject xmp plain text'
      ).split(' '),
      ' ',
      ' ',
      '\n',
      '\f',
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((signs) => signs.join(''));
