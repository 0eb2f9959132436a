export interface Book {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  /** Pence, so that every price is exact. */
  readonly pricePence: number;
  /** There where the book is on sale: what it cost before. */
  readonly regularPence?: number;
  readonly stock: number;
  /** yyyy-mm-dd */
  readonly published: string;
  readonly isbn: string;
  readonly pages: number;
  readonly tags: readonly string[];
  readonly description: string;
  readonly path: string;
  readonly coverPath: string;
  /** Numbers of three other books. */
  readonly related: readonly number[];
}

export const PAGE_COUNT = 12;
export const BOOKS_PER_PAGE = 20;

const ADJECTIVES = [
  'Quiet',
  'Salted',
  'Borrowed',
  'Northern',
  'Unfinished',
  'Paper',
  'Seventh',
  'Hollow',
  'Patient',
  'Crooked',
  'Winter',
  'Glass',
];
const NOUNS = [
  'Lighthouse',
  'Orchard',
  'Ferryman',
  'Atlas',
  'Clockmaker',
  'Harbour',
  'Archive',
  'Meadow',
  'Telegraph',
  'Garden',
  'Kitchen',
  'Railway',
];
const ENDINGS = ['', ' at Dusk', ' & Other Stories', ': A Memoir', ' of Saint Osyth', ', Revisited'];
const FIRST_NAMES = ['Imre', 'Noor', 'Ada', 'Tomás', 'Wilhelmina', 'Kofi', 'Freya', 'Søren', 'Mireille', 'Dai'];
const LAST_NAMES = [
  'Thackeray-Bloom',
  'Okonkwo',
  'Lindqvist',
  "O'Dwyer",
  'Castellanos',
  'Vane',
  'Hrubý',
  'Marchetti',
  'Penhallow',
  'Zoltan',
];
const TAGS = ['fiction', 'travel', 'history', 'poetry', 'cookery', 'nature', 'mystery', 'science', 'letters', 'sea'];
const OPENINGS = [
  'The ferry stops running on a Tuesday',
  'A box of unsent letters turns up in a wall',
  'Nobody in the village owns a clock',
  'The recipe calls for an hour of silence',
];
const MIDDLES = [
  'and three strangers decide to stay',
  'which is where the trouble with the maps begins',
  'and the lamp is still lit when they come back',
  'so the youngest of them starts to count',
];

/** The whole stock. Every figure follows from the book's number, so that two runs show the same shop. */
export const books: readonly Book[] = Array.from({ length: PAGE_COUNT * BOOKS_PER_PAGE }, (_, i) => makeBook(i + 1));

function makeBook(number: number): Book {
  const i = number - 1;
  // 144 pairs of words; the endings tell the second and later rounds apart, so that no title comes twice.
  const title = `The ${pick(ADJECTIVES, i)} ${pick(NOUNS, i + Math.floor(i / 12))}${pick(ENDINGS, Math.floor(i / 144) + (i % 3) * 2)}`;
  const pricePence = 495 + ((number * 737) % 2400);
  const slug = title
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const isbnDigits = `978099${String(100_000 + ((number * 7919) % 900_000))}`;
  const total = PAGE_COUNT * BOOKS_PER_PAGE;
  return {
    number,
    title,
    author: `${pick(FIRST_NAMES, number * 3)} ${pick(LAST_NAMES, number * 7 + Math.floor(number / 10))}`,
    pricePence,
    ...(number % 6 === 0 && { regularPence: pricePence + 300 + (number % 5) * 100 }),
    stock: (number * 13) % 23,
    published: `${1998 + (number % 27)}-${String(1 + (number % 12)).padStart(2, '0')}-${String(1 + (number % 28)).padStart(2, '0')}`,
    isbn: isbnDigits + isbnCheckDigit(isbnDigits),
    pages: 96 + ((number * 31) % 500),
    tags: [...new Set([pick(TAGS, number), pick(TAGS, number * 3 + 1), pick(TAGS, number * 7 + 4)])],
    description: `${pick(OPENINGS, number)}, ${pick(MIDDLES, Math.floor(number / 4))}. “${title}” is book ${number} of our shelf.`,
    path: `/books/${number}-${slug}.html`,
    coverPath: `/covers/${number}.svg`,
    related: [1, 7, 60].map((step) => ((i + step) % total) + 1),
  };
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}

/** ISBN-13 check digit: weights 1 and 3 in turn (ISO 2108). */
function isbnCheckDigit(digits: string): number {
  const sum = Array.from(digits).reduce((all, digit, i) => all + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
  return (10 - (sum % 10)) % 10;
}
