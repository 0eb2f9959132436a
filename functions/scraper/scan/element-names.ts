/**
 * Element names as numbers, and what the tree builder knows about each: the scanner compares and looks up numbers only.
 *
 * The sets below are those of htmlparser2, whose trees the scanner's results must equal, not those of the HTML Standard.
 */

/** Elements without content or end tag. */
const VOID_NAMES = 'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr'.split(' ');

/** Names that are neither void nor changed in drawings: the common ones, so that reading them costs no string. */
const OTHER_NAMES = (
  'a abbr acronym address article aside audio b bdi bdo big blink blockquote body button canvas caption center circle cite code ' +
  'colgroup content data datalist dd defs del desc details dfn dialog dir div dl dt element ellipse em fieldset figcaption figure font ' +
  'footer form frameset g h1 h2 h3 h4 h5 h6 head header hgroup html i iframe image ins kbd label legend li line main map mark marquee ' +
  'mask math menu menuitem meter mi mn mo ms msub msup mtext mfrac mrow mstyle nav nobr noembed noframes noscript object ol optgroup ' +
  'option output p path pattern picture plaintext polygon polyline pre progress q rb rect rp rt rtc ruby s samp script search section ' +
  'select slot small span stop strike strong style sub summary sup svg symbol table tbody td template text textarea tfoot th thead time ' +
  'title tr tspan tt u ul use var video xmp annotation annotation-xml'
).split(' ');

/** HTML, section 13.2.6.1 (adjust SVG tag names): inside of `svg`, a name in lower case stands for the one in mixed case. */
const SVG_NAMES = (
  'altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix feComponentTransfer ' +
  'feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR ' +
  'feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence ' +
  'foreignObject glyphRef linearGradient radialGradient textPath'
).split(' ');

const NAMES = [...VOID_NAMES, ...OTHER_NAMES, ...SVG_NAMES, ...SVG_NAMES.map((name) => name.toLowerCase())];
const IDS: ReadonlyMap<string, number> = new Map(NAMES.map((name, id) => [name, id]));

/** How many names are known ahead; numbers from here on are given out by a {@link NameTable}. */
export const KNOWN_NAMES = NAMES.length;

/** The number of a name that is known ahead. */
export function nameId(name: string): number {
  const id = IDS.get(name);
  if (id === undefined) throw new TypeError(`No element is called ${JSON.stringify(name)} in the table of names.`);
  return id;
}

/** Traits of a name, as bits of {@link traitsOf}. */
export const Trait = {
  void: 1,
  /** Sets its words apart from those around it. */
  block: 2,
  /** Holds text that no reader sees. */
  unseen: 4,
  /** Content is text for machines: `innerText` leaves it out. */
  code: 8,
  /** Opens a drawing or a formula, where other rules hold. */
  foreign: 16,
  /** HTML's own rules hold again inside of it. */
  integration: 32,
  /** Content is text up to the end tag. */
  rawText: 64,
  /** Content is text and character references up to the end tag. */
  rcdata: 128,
  /** Everything behind it is text. */
  plaintext: 256,
} as const;

const traits = new Uint16Array(KNOWN_NAMES);
function mark(trait: number, names: readonly string[]): void {
  for (const name of names) traits[nameId(name)] = (traits[nameId(name)] ?? 0) | trait;
}
mark(Trait.void, VOID_NAMES);
mark(Trait.foreign, ['svg', 'math']);
mark(Trait.integration, 'mi mo mn ms mtext annotation-xml foreignObject desc title'.split(' '));
mark(Trait.rawText, 'script style iframe noembed noframes xmp'.split(' '));
mark(Trait.rcdata, ['title', 'textarea']);
mark(Trait.plaintext, ['plaintext']);
mark(Trait.code, ['script', 'style']);
// As readableText sees them on a tree (page-text.ts); a test holds the two together name by name.
mark(Trait.unseen, 'script style template noscript svg title iframe'.split(' '));
mark(
  Trait.block,
  (
    'address article aside blockquote body br button caption center dd details dialog div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html input legend li main nav ol optgroup option p pre search section select summary table tbody ' +
    'td textarea tfoot th thead tr ul'
  ).split(' '),
);

export function traitsOf(name: number): number {
  return name < KNOWN_NAMES ? (traits[name] ?? 0) : 0;
}

/** Elements that a start tag ends where they are innermost. */
const form = 'input option optgroup select button datalist textarea';
const ENDED_BY: readonly (readonly [starts: string, ends: string])[] = [
  ['tr', 'tr th td'],
  ['th', 'th'],
  ['td', 'thead th td'],
  ['body', 'head link script'],
  ['a', 'a'],
  ['li', 'li'],
  [
    'p address article aside blockquote details div dl fieldset figcaption figure footer form header hr main nav ol pre section table ul',
    'p',
  ],
  ['h1 h2 h3 h4 h5 h6', 'h1 h2 h3 h4 h5 h6 p'],
  ['select input output button datalist textarea', form],
  ['option', 'option'],
  ['optgroup', 'optgroup option'],
  ['dd dt', 'dd dt'],
  ['rt rp', 'rt rp'],
  ['tbody tfoot', 'thead tbody'],
];
const ENDABLE = [...new Set(ENDED_BY.flatMap(([, ends]) => ends.split(' ')))];

/** One bit for each name that a start tag can end; 0 for all others. */
const endBits = new Int32Array(KNOWN_NAMES);
for (const [bit, name] of ENDABLE.entries()) endBits[nameId(name)] = 1 << bit;

/** For each name, the bits of those that its start tag ends. */
const endedBits = new Int32Array(KNOWN_NAMES);
for (const [starts, ends] of ENDED_BY) {
  for (const start of starts.split(' ')) {
    for (const end of ends.split(' ')) endedBits[nameId(start)] = (endedBits[nameId(start)] ?? 0) | (endBits[nameId(end)] ?? 0);
  }
}

export function endBitOf(name: number): number {
  return name < KNOWN_NAMES ? (endBits[name] ?? 0) : 0;
}

export function endedBy(name: number): number {
  return name < KNOWN_NAMES ? (endedBits[name] ?? 0) : 0;
}

/** The number of an SVG element's name in mixed case by that of its lower case; the name itself for all others. */
const svgNames = new Map(SVG_NAMES.map((name) => [nameId(name.toLowerCase()), nameId(name)]));
export function svgName(name: number): number {
  return svgNames.get(name) ?? name;
}

/** What a character is to a tag's name: 1 to 36 packs into a key, END ends the name, ODD needs the way over a string. */
export const NAME_END = 62;
export const NAME_ODD = 63;
export const nameClass = new Uint8Array(128).fill(NAME_ODD);
for (const c of '\t\n\f\r />') nameClass[c.charCodeAt(0)] = NAME_END;
for (let i = 0; i < 26; i++) nameClass[0x41 + i] = nameClass[0x61 + i] = 1 + i;
for (let i = 0; i < 10; i++) nameClass[0x30 + i] = 27 + i;

/** Characters that one key holds, 6 bits each; a name has two keys. */
export const KEY_CHARS = 5;

/** Names by their keys: open addressing, no collision left to chance since the keys are the names. */
const SLOTS = 1_024;
const firstKeys = new Int32Array(SLOTS);
const secondKeys = new Int32Array(SLOTS);
const slotIds = new Int16Array(SLOTS).fill(-1);

function slotOf(first: number, second: number): number {
  return Math.imul(first ^ Math.imul(second, 31), 0x9e3779b1) >>> 22;
}
for (const [id, name] of NAMES.entries()) {
  if (!/^[a-z\d]{1,10}$/.test(name)) continue;
  let [first, second] = [0, 0];
  for (const [i, c] of name.split('').entries()) {
    if (i < KEY_CHARS) first = (first << 6) | (nameClass[c.charCodeAt(0)] ?? 0);
    else second = (second << 6) | (nameClass[c.charCodeAt(0)] ?? 0);
  }
  let slot = slotOf(first, second);
  while (slotIds[slot] !== -1) slot = (slot + 1) % SLOTS;
  firstKeys[slot] = first;
  secondKeys[slot] = second;
  slotIds[slot] = id;
}

/** The number of a known name by its keys; -1 for any other. */
export function nameOfKeys(first: number, second: number): number {
  let slot = slotOf(first, second);
  while (slotIds[slot] !== -1) {
    if (firstKeys[slot] === first && secondKeys[slot] === second) return slotIds[slot] ?? -1;
    slot = (slot + 1) % SLOTS;
  }
  return -1;
}

/** Numbers for all names: those known ahead, those that selectors ask for, and for one page at a time those found in it. */
export class NameTable {
  readonly #ids = new Map(IDS);
  readonly #names = [...NAMES];
  #permanent = KNOWN_NAMES;

  /** The number of a name in a selector, for good. To be called before the first page. */
  add(name: string): number {
    const id = this.intern(name);
    this.#permanent = this.#names.length;
    return id;
  }

  /** The number of a name in a page. */
  intern(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#names.push(name) - 1;
      this.#ids.set(name, id);
    }
    return id;
  }

  /** The number of a name, if it has one. */
  find(name: string): number | undefined {
    return this.#ids.get(name);
  }

  name(id: number): string {
    return this.#names[id] ?? '';
  }

  /** Forgets the names of the last page. */
  forget(): void {
    while (this.#names.length > this.#permanent) this.#ids.delete(this.#names.pop() ?? '');
  }
}
