import { Tokenizer } from 'htmlparser2';

/** What may be a character reference: the name or number with the one character behind it that can matter. */
const CANDIDATE = /&#?[0-9A-Za-z]+[;=]?/g;

/** References met often; bounded, since pages can make up any number of them. */
const MAX_KNOWN = 2_000;
const MAX_KNOWN_CHARS = 40;
const knownInText = new Map<string, string>();
const knownInAttributes = new Map<string, string>();

/**
 * Resolves the character references of a text (HTML, section 13.2.5.72), as htmlparser2 does.
 *
 * Its own tokenizer decides each reference, once: the texts of a page use the same few again and again.
 */
export function decodeText(text: string): string {
  return text.includes('&') ? text.replace(CANDIDATE, textReference) : text;
}

/** The same for an attribute's value, where a name without its semicolon may be part of a query. */
export function decodeAttribute(value: string): string {
  return value.includes('&') ? value.replace(CANDIDATE, attributeReference) : value;
}

function textReference(reference: string): string {
  return known(knownInText, reference, false);
}

function attributeReference(reference: string): string {
  return known(knownInAttributes, reference, true);
}

function known(cache: Map<string, string>, reference: string, inAttribute: boolean): string {
  let decoded = cache.get(reference);
  if (decoded === undefined) {
    decoded = resolve(reference, inAttribute);
    if (cache.size < MAX_KNOWN && reference.length <= MAX_KNOWN_CHARS) cache.set(reference, decoded);
  }
  return decoded;
}

function skip(): void {}

function resolve(reference: string, inAttribute: boolean): string {
  let out = '';
  const source = inAttribute ? `<a b="${reference}">` : `${reference} `;
  const take = (start: number, end: number): void => void (out += source.slice(start, end));
  const takeCode = (code: number): void => void (out += String.fromCodePoint(code));
  const tokenizer = new Tokenizer(
    {},
    {
      ontext: take,
      ontextentity: takeCode,
      onattribdata: take,
      onattribentity: takeCode,
      onattribend: skip,
      onattribname: skip,
      oncdata: skip,
      onclosetag: skip,
      oncomment: skip,
      ondeclaration: skip,
      onend: skip,
      onopentagend: skip,
      onopentagname: skip,
      onprocessinginstruction: skip,
      onselfclosingtag: skip,
    },
  );
  tokenizer.write(source);
  tokenizer.end();
  return inAttribute ? out : out.slice(0, -1);
}
