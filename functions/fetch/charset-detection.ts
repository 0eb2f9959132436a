/** A writing and the encodings in which pages without a declaration use it. */
interface Writing {
  /** Its letters beyond ASCII, the most frequent first; of thousands, only the frequent. */
  readonly letters: string;
  readonly encodings: readonly string[];
  /** Whether these are letters of an alphabet, and all of them. */
  readonly alphabet: boolean;
  /** Words may mix these letters with a-z. */
  readonly latin?: true;
  /** All characters that belong to the writing, where `letters` lists only the frequent. */
  readonly range?: RegExp;
  readonly weight?: number;
}

/**
 * In the order of preference between equals. The encodings are those that the HTML standard's table of locale defaults
 * names (section 13.2.3.2), with their rivals of the same region.
 */
const WRITINGS: readonly Writing[] = [
  { letters: 'éèàêçâîôûùëïœ', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'üäößé', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'óíáéñúü', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'ãçéáóíêõúâàô', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'àèòùìé', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'åäöøæé', encodings: ['windows-1252'], alphabet: true, latin: true },
  { letters: 'ðáíóþæéöúý', encodings: ['windows-1252'], alphabet: true, latin: true },
  // All of them, for pages in several languages: worth a little less, since it has something for nearly every byte.
  { letters: 'éèàçêâîôûùëïœüäößñáíóúãõåøæìò', encodings: ['windows-1252'], alphabet: true, latin: true, weight: 0.8 },
  { letters: 'łąężśćóńź', encodings: ['windows-1250', 'ISO-8859-2'], alphabet: true, latin: true },
  { letters: 'íáěéčšřžýůúťďňóľĺŕäô', encodings: ['windows-1250', 'ISO-8859-2'], alphabet: true, latin: true },
  { letters: 'éáőóöíüúű', encodings: ['windows-1250', 'ISO-8859-2'], alphabet: true, latin: true },
  { letters: 'čšžćđ', encodings: ['windows-1250', 'ISO-8859-2'], alphabet: true, latin: true },
  { letters: 'ăşîţâ', encodings: ['windows-1250', 'ISO-8859-2'], alphabet: true, latin: true },
  { letters: 'ıüşğçöİâî', encodings: ['windows-1254'], alphabet: true, latin: true },
  { letters: 'āšėčžīēųšļūņķģįęąõäöü', encodings: ['windows-1257'], alphabet: true, latin: true },
  {
    letters: 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґўђјљњћџ',
    encodings: ['windows-1251', 'KOI8-U', 'IBM866', 'ISO-8859-5', 'x-mac-cyrillic'],
    alphabet: true,
  },
  { letters: 'αοιετσνηυρπκμλςόίγήάέδχωθώφβύξζψ', encodings: ['windows-1253', 'ISO-8859-7'], alphabet: true },
  { letters: 'יוהלאתרבשמםנחקדעכפטגצסזןךףץ', encodings: ['windows-1255'], alphabet: true },
  { letters: 'الينمروتبعةدسفهكحقجشصطخأذضىزثءغظإآؤئپچژگ', encodings: ['windows-1256', 'ISO-8859-6'], alphabet: true },
  { letters: 'านรกอเงมย่ลวดท้สะตีปบิคหแจพชใขไุโูผซืถึศ์ฉฟธญณษฐภัำฆฎฏฑฒฬฮ๊๋็', encodings: ['windows-874'], alphabet: true },
  {
    letters: 'のにはをたがでてとしれさいるうんかなこもらりすよきくあけおまそルスントイリラアクレ',
    encodings: ['Shift_JIS', 'EUC-JP'],
    alphabet: false,
    range: /[\u3000-\u30ff\u4e00-\u9fff\uff00-\uff9f]/,
  },
  {
    letters: '이다는을의에가고하지로한사어도기은대나라를인',
    encodings: ['EUC-KR'],
    alphabet: false,
    range: /[\uac00-\ud7a3]/,
  },
  {
    letters: '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里，。、',
    encodings: ['GBK'],
    alphabet: false,
    range: /[\u3000-\u303f\u4e00-\u9fff\uff00-\uff5e]/,
  },
  {
    letters: '的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡，。、',
    encodings: ['Big5'],
    alphabet: false,
    range: /[\u3000-\u303f\u4e00-\u9fff\uff00-\uff5e]/,
  },
];

/** Bytes that are decoded and judged: each candidate reads them all. */
const SAMPLE_BYTES = 1_024;
/** Bytes in which they are looked for. */
const SEARCH_BYTES = 262_144;
/** Characters that any writing may hold. */
const COMMON = /[\u00a0«»„“”‘’–—…•·°©®™€£§№×½¼²³]/;
const ASCII_LETTER = /[a-z]/i;

/** Letters of an alphabet that make two thirds of its texts. */
const TOP_LETTERS = 10;
/** What a character is worth to a writing; a perfect text has a mean of about 1. */
const WORTH = {
  frequent: 1.6,
  rest: 0.6,
  top: 1.2,
  lower: 0.8,
  upper: 0.6,
  common: 0.5,
  foreign: -1,
  broken: -3,
  mixed: -1,
  jump: -1,
} as const;

interface Compiled {
  readonly encodings: readonly string[];
  readonly worth: (character: string) => number;
  readonly isLetter: (character: string) => boolean;
  readonly isUpper: (character: string) => boolean;
  readonly latin: boolean;
  readonly weight: number;
}

let compiled: readonly Compiled[] | undefined;

/**
 * Guesses the encoding of text that declares none and is not UTF-8, by how well each candidate reads as some writing: letters of
 * its alphabet, in sensible case, not mixed with other alphabets inside words.
 *
 * @param decode - decodes bytes by an Encoding Standard name.
 * @returns an Encoding Standard name; `windows-1252`, the web's default, where nothing speaks for another.
 */
export function detectCharset(bytes: Uint8Array, decode: (bytes: Buffer, encoding: string) => string): string {
  const sample = gather(bytes);
  if (sample.length === 0) return 'windows-1252';
  compiled ??= WRITINGS.map(compile);
  const texts = new Map<string, string>();
  let best = { encoding: 'windows-1252', score: 0 };
  for (const writing of compiled) {
    for (const encoding of writing.encodings) {
      const text = texts.get(encoding) ?? decode(sample, encoding);
      texts.set(encoding, text);
      const score = scoreOf(text, writing);
      if (score > best.score + 0.001) best = { encoding, score };
    }
  }
  return best.encoding;
}

function scoreOf(text: string, writing: Compiled): number {
  let sum = 0;
  let count = 0;
  let last = '';
  for (const character of text) {
    if (character > '\x7f') {
      count++;
      sum += writing.worth(character);
      if (!writing.latin && writing.isLetter(character) && ASCII_LETTER.test(last)) sum += WORTH.mixed;
      // A capital inside a word, as in tHIS, is the sign of a wrong alphabet.
      else if (writing.isUpper(character) && writing.isLetter(last) && !writing.isUpper(last)) sum += WORTH.jump;
    } else if (!writing.latin && writing.isLetter(last) && ASCII_LETTER.test(character)) sum += WORTH.mixed;
    last = character;
  }
  // The last character may be cut in half.
  return count === 0 ? 0 : (sum / count) * writing.weight;
}

function compile({ letters, encodings, alphabet, latin, range, weight = 1 }: Writing): Compiled {
  const lower = new Set(letters);
  const top = new Set(Array.from(letters).slice(0, TOP_LETTERS));
  const upper = new Set(
    Array.from(letters)
      .map((letter) => letter.toUpperCase())
      .filter((letter) => !lower.has(letter)),
  );
  const isLetter = (character: string): boolean =>
    lower.has(character) || upper.has(character) || (latin === true && ASCII_LETTER.test(character));
  const worth = (character: string): number => {
    if (lower.has(character) && !alphabet) return WORTH.frequent;
    if (lower.has(character)) return top.has(character) ? WORTH.top : WORTH.lower;
    if (upper.has(character)) return WORTH.upper;
    if (range?.test(character)) return WORTH.rest;
    if (character === '\uFFFD' || (character >= '\x80' && character <= '\x9f')) return WORTH.broken;
    return COMMON.test(character) ? WORTH.common : WORTH.foreign;
  };
  return {
    encodings,
    worth,
    isLetter: alphabet ? isLetter : () => false,
    isUpper: (character) => alphabet && (upper.has(character) || (latin === true && character >= 'A' && character <= 'Z')),
    latin: latin ?? false,
    weight,
  };
}

/** Whether text that is ASCII but for escape characters is Japanese in ISO-2022-JP. */
export function readsAsJis(bytes: Uint8Array, decode: (bytes: Buffer, encoding: string) => string): boolean {
  const sample = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SEARCH_BYTES));
  return /[\u3040-\u30ff]/.test(decode(sample, 'ISO-2022-JP'));
}

/**
 * The bytes beyond ASCII with their neighbours: one before, which may be a letter of the same word, and one after, which may be
 * the second half of a character. The stretches of ASCII between, most of a page, decide nothing and become one space each.
 */
function gather(bytes: Uint8Array): Buffer {
  const sample = Buffer.alloc(SAMPLE_BYTES);
  const end = Math.min(bytes.length, SEARCH_BYTES);
  let length = 0;
  let copied = 0;
  for (let at = 0; at < end && length < SAMPLE_BYTES - 4; at++) {
    if ((bytes[at] ?? 0) < 0x80) continue;
    if (at - 1 > copied) sample[length++] = 0x20;
    for (let from = Math.max(copied, at - 1); from <= at + 1 && from < end; from++) sample[length++] = bytes[from] ?? 0;
    copied = at + 2;
    // The neighbour behind is either half a character or ASCII: the search goes on after it.
    at++;
  }
  return sample.subarray(0, length);
}
