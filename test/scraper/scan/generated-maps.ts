import fc from 'fast-check';
import type { Field, FieldMap, FieldSpec, ListField } from '../../../functions/scraper/extract-types.ts';

const TAGS = 'div div div p p span a li ul b div p span a li ul h1 td tr table section img title html body b *'.split(' ');

/** What can be decided going forward. */
const simple = fc.constantFrom(
  '.a',
  '.a',
  '.b',
  '.b',
  '.c',
  '#a',
  '#b',
  '[href]',
  '[class]',
  '[data-x]',
  '[lang]',
  '[rel~=next]',
  '[rel~="NEXT"]',
  '[class~=a]',
  '[class^=a]',
  '[class$=b]',
  '[class*=" "]',
  '[class|=a]',
  '[lang|=en]',
  '[class!=a]',
  '[class!=""]',
  '[type="A" i]',
  '[class="a" s]',
  '[id="A" i]',
  '[href^=http]',
  '[name=description]',
  '[kind]',
  '[data-id=""]',
  '[class^=""]',
  ':first-child',
  ':nth-child(2)',
  ':nth-child(2n+1)',
  ':nth-child(even)',
  ':nth-child(n)',
  ':nth-child(-n+2)',
  ':nth-child(0n+1)',
  ':first-of-type',
  ':nth-of-type(2)',
  ':nth-of-type(odd)',
  ':nth-of-type(n)',
  ':root',
  ':not(.a)',
  ':not(p)',
  ':is(.a,p)',
  ':where(b, .c)',
  ':not(:first-child)',
  ':not(.a.b)',
  ':not(*)',
);
const compound = fc
  .tuple(fc.option(fc.constantFrom(...TAGS), { nil: '', freq: 4 }), fc.oneof(fc.constant([]), fc.array(simple, { maxLength: 2 })))
  .map(([tag, tests]) => `${tag}${tests.join('')}` || 'p');
const combinator = fc.constantFrom(' ', ' ', ' > ', '>', ' + ', ' ~ ');
const path = fc
  .tuple(compound, fc.array(fc.tuple(combinator, compound), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.map(([sign, next]) => sign + next).join(''));
const withPaths = fc
  .tuple(compound, fc.constantFrom(':not', ':is', ':where', ':matches'), fc.array(path, { minLength: 1, maxLength: 2 }))
  .map(([head, pseudo, inner]) => `${head}${pseudo}(${inner.join(', ')})`);
const fromScope = fc.tuple(fc.constantFrom(':scope > ', ':scope ', '> ', ' :scope>'), path).map(([head, rest]) => head + rest);

export const forwardSelector: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: compound },
  { weight: 8, arbitrary: path },
  { weight: 3, arbitrary: fc.tuple(path, path).map((both) => both.join(', ')) },
  { weight: 2, arbitrary: withPaths },
  { weight: 1, arbitrary: fc.tuple(withPaths, combinator, compound).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fromScope },
  { weight: 1, arbitrary: fc.tuple(fromScope, path).map((both) => both.join(', ')) },
  { weight: 2, arbitrary: fc.constant(':scope') },
);

/** What the tree must decide. */
const late = fc.constantFrom(
  ':has(a)',
  ':last-child',
  ':contains("one")',
  ':empty',
  ':eq(0)',
  ':first',
  ':header',
  ':nth-last-child(1)',
  ':only-child',
  '[constructor]',
);
export const lateSelector: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(path, late).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom(':scope + ', '~ ', '+'), path).map((parts) => parts.join('')),
);

export const selector = fc.oneof({ weight: 60, arbitrary: forwardSelector }, { weight: 1, arbitrary: lateSelector });

const leaf: fc.Arbitrary<Field> = fc
  .record(
    {
      selector,
      attr: fc.constantFrom('href', 'class', 'id', 'lang', 'HREF', 'constructor', '__proto__', 'kind'),
      value: fc.constantFrom('textContent', 'innerText', 'tagName', 'href', 'src', 'class', 'title'),
      match: fc.constantFrom(/\w+/, /(\w)\s*(\w)/, /(?<first>[a-z])(?<second>\d)?/g, /nothing at all/),
      as: fc.oneof(
        fc.constantFrom('raw', 'trim', 'text', 'text', 'text', 'number', 'boolean', 'date', 'url', 'json'),
        fc.constant((text: string) => text.length),
        fc.constant(
          (text: string, { scope, url }: { scope: { prop: (name: string) => string | undefined }; url: string }) =>
            `${scope.prop('tagName')} ${url} ${text}`,
        ),
      ),
      required: fc.boolean(),
    },
    { requiredKeys: ['selector'] },
  )
  .map((field): Field => {
    if (field.attr !== undefined) delete field.value;
    // Fields that must be there would end most items early.
    if (field.selector.length % 4 !== 0) delete field.required;
    return field;
  });

const limited = (field: fc.Arbitrary<Field>): fc.Arbitrary<ListField> =>
  fc.tuple(field, fc.integer({ min: 1, max: 3 })).map(([one, limit]) => ({ ...one, limit }));

/** Maps in all their forms. */
export const fieldMap: fc.Arbitrary<FieldMap> = fc.letrec<{ map: FieldMap; spec: FieldSpec; field: Field }>((tie) => ({
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'selector_', 'title'), tie('spec'), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  }),
  field: fc.oneof(
    { depthIdentifier: 'map', maxDepth: 3 },
    leaf,
    fc.record({ selector, value: tie('map') }) as fc.Arbitrary<Field>,
    fc.record({ selector: fc.constantFrom('div', 'li', 'p', 'ul > li', '.a'), value: tie('map') }) as fc.Arbitrary<Field>,
  ),
  spec: fc.oneof(
    { depthIdentifier: 'map', maxDepth: 3 },
    selector,
    leaf,
    tie('field'),
    fc.tuple(fc.oneof(selector, tie('field'), limited(tie('field')))) as fc.Arbitrary<FieldSpec>,
    fc.record({ selector, count: fc.constant(true) }),
    tie('map') as fc.Arbitrary<FieldSpec>,
  ),
})).map;
