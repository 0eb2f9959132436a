import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText, encodingOf, sniffCharset } from '../../functions/fetch/charset.ts';
import { encodeText } from './encoder.ts';
import { pageOf, requestTo, startSite, testFetcher } from './harness.ts';

const HTML = 'text/html';
const sniff = (text: string, header?: string, type = HTML): string => sniffCharset(Buffer.from(text, 'latin1'), type, header);
/** A page whose own bytes decide nothing: valid in every single-byte encoding, not UTF-8. */
const PLAIN = '<p>\xe9';

describe('what decides, from the strongest', () => {
  test.each([
    ['a UTF-8 mark over header and meta', '\xef\xbb\xbf<meta charset=koi8-r>', 'windows-1251', 'UTF-8'],
    ['a UTF-16LE mark', '\xff\xfe<\0p\0', 'utf-8', 'UTF-16LE'],
    ['a UTF-16BE mark', '\xfe\xff\0<\0p', 'utf-8', 'UTF-16BE'],
    ['the header over meta', '<meta charset=koi8-r>\xe9', 'windows-1251', 'windows-1251'],
    ['meta, where the header names no encoding that there is', '<meta charset=koi8-r>\xe9', 'utf8-but-wrong', 'KOI8-R'],
    ['meta over an XML declaration', '<?xml version="1.0" encoding="koi8-u"?><meta charset=koi8-r>\xe9', undefined, 'KOI8-R'],
    ['an XML declaration over detection', `<?xml version="1.0" encoding='koi8-u' ?>${PLAIN}`, undefined, 'KOI8-U'],
    ['an XML declaration in UTF-16', '<\0?\0x\0m\0l\0', undefined, 'UTF-16LE'],
    ['an XML declaration in UTF-16, the other way round', '\0<\0?\0x\0m\0l', undefined, 'UTF-16BE'],
    ['UTF-8 where nothing is declared and the bytes are', '<p>\xc3\xa9', undefined, 'UTF-8'],
    ['UTF-8 for plain ASCII', '<p>', undefined, 'UTF-8'],
    ['windows-1252 where nothing else speaks', PLAIN, undefined, 'windows-1252'],
    [
      'meta after the first 1024 bytes, where the bytes are no UTF-8',
      `<!--${'x'.repeat(3_000)}--><meta charset=koi8-r>\xe9`,
      undefined,
      'KOI8-R',
    ],
  ])('%s', (_what, page, header, expected) => {
    expect(sniff(page, header)).toBe(expected);
  });
});

describe('a meta element', () => {
  test.each([
    '<meta charset=koi8-r>',
    '<META CHARSET="KOI8-R">',
    "<meta charset='koi8-r' />",
    '<meta/charset=koi8-r>',
    '<meta / charset = koi8-r >',
    '<meta name="x" charset=koi8-r>',
    '<meta data-x=">" charset=koi8-r>',
    '<meta http-equiv=Content-Type content="text/html; charset=koi8-r">',
    '<meta content="text/html;charset = \'koi8-r\' ;x" http-equiv="content-type">',
    '<meta http-equiv=content-type content="charset charset=koi8-r">',
    '<!doctype html><html lang=ru><head><title>charset</title><meta charset=koi8-r>',
    '<!--><meta charset=koi8-r>',
    '<!-- <meta charset=utf-8> --><meta charset=koi8-r>',
    '<? <meta charset=utf-8> ><meta charset=koi8-r>'.replace('<meta charset=utf-8>', 'x'),
    '<meta charset=no-such-encoding><meta charset=koi8-r>',
    '</div charset=utf-8><meta charset=koi8-r>',
    '<meta charset=" koi8-r ">',
    '<script>if (a<b) x</script><meta charset=koi8-r>',
  ])('%s declares', (page) => {
    expect(sniff(page + PLAIN)).toBe('KOI8-R');
  });

  test.each([
    '<!-- <meta charset=koi8-r> -->',
    '<!-- <meta charset=koi8-r>',
    '<a title="<meta charset=koi8-r>">',
    "<a title='<meta charset=koi8-r>'>",
    '<metadata charset=koi8-r>',
    '<met charset=koi8-r>',
    '<meta name=charset content=koi8-r>',
    '<meta content="text/html; charset=koi8-r">',
    '<meta http-equiv=refresh content="0; charset=koi8-r">',
    '<meta http-equiv=content-type content="charset koi8-r">',
    '<meta data-charset=koi8-r>',
    '<meta charset=nonsense charset=koi8-r>',
    '<meta charset>',
    '<meta charset=>',
    '<meta charset=koi8-r',
    '<meta charset="koi8-r',
    '</meta charset=koi8-r>',
    '<! meta charset=koi8-r>',
    'meta charset=koi8-r>',
    '<m charset=koi8-r>',
    '< meta charset=koi8-r>',
  ])('%s only looks like one', (page) => {
    expect(sniff(page + PLAIN)).toBe('windows-1252');
  });

  test('of UTF-16 means UTF-8, since it was read as ASCII', () => {
    expect(sniff('<meta charset=utf-16le>')).toBe('UTF-8');
    expect(sniff('<?xml version="1.0" encoding="UTF-16"?>')).toBe('UTF-8');
  });

  test('of x-user-defined means windows-1252', () => {
    expect(sniff('<meta charset=x-user-defined>\xe9')).toBe('windows-1252');
  });

  test('cut by the end of the first 1024 bytes declares nothing: the label may be cut too', () => {
    const cut = `<!--${'x'.repeat(993)}--><meta charset=iso-8859-13>`;
    expect(cut.slice(0, 1_024)).toMatch(/charset=iso-8859-1$/);
    expect(sniff(`${cut}\xe9`)).toBe('ISO-8859-13');
  });
});

describe('other kinds of text', () => {
  test.each([
    ['JSON is UTF-8', 'application/json', '{"a":"\xe9"}', undefined, 'UTF-8'],
    ['JSON-LD is UTF-8', 'application/ld+json', '\xe9', undefined, 'UTF-8'],
    ['JSON with a header goes by it', 'application/json', '\xe9', 'windows-1251', 'windows-1251'],
    ['XML goes by its declaration', 'application/xml', '<?xml version="1.0" encoding="koi8-r"?><a>\xe9</a>', undefined, 'KOI8-R'],
    ['XML knows no meta', 'application/xml', '<meta charset="koi8-r">\xc3\xa9', undefined, 'UTF-8'],
    ['a feed goes by its declaration', 'application/rss+xml', "<?xml version='1.0' encoding='koi8-r'?>\xe9", undefined, 'KOI8-R'],
    ['plain text knows no meta', 'text/plain', '<meta charset=koi8-r>\xe9', undefined, 'windows-1252'],
  ])('%s', (_what, type, text, header, expected) => {
    expect(sniff(text, header, type)).toBe(expected);
  });
});

/** Encoding Standard, section 4.2: an encoding and some of its labels. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  'UTF-8': ['utf8', 'unicode-1-1-utf-8', ' UTF-8\n'],
  IBM866: ['cp866'],
  'ISO-8859-2': ['latin2'],
  'ISO-8859-8-I': ['logical'],
  'ISO-8859-16': ['iso-8859-16'],
  'KOI8-R': ['koi8', 'koi'],
  'KOI8-U': ['koi8-ru'],
  macintosh: ['mac'],
  'windows-874': ['tis-620', 'iso-8859-11'],
  'windows-1252': ['latin1', 'iso-8859-1', 'ascii', 'us-ascii'],
  'windows-1254': ['iso-8859-9', 'latin5'],
  'x-mac-cyrillic': ['x-mac-ukrainian'],
  GBK: ['gb2312', 'chinese'],
  gb18030: ['gb18030'],
  Big5: ['big5-hkscs', 'x-x-big5'],
  'EUC-JP': ['x-euc-jp'],
  'ISO-2022-JP': ['csiso2022jp'],
  Shift_JIS: ['sjis', 'windows-31j', 'ms_kanji'],
  'EUC-KR': ['ks_c_5601-1987', 'windows-949'],
  'UTF-16BE': ['unicodefffe'],
  'UTF-16LE': ['utf-16', 'ucs-2'],
  'x-user-defined': ['x-user-defined'],
  replacement: ['iso-2022-kr', 'hz-gb-2312'],
};

test.each(Object.entries(LABELS))('%s is found by its labels', (encoding, labels) => {
  expect([encoding, ...labels].map((label) => encodingOf(label))).toEqual([encoding, ...labels].map(() => encoding));
});

test.each(['utf-7', 'utf-32', '', 'utf_8', 'iso_8859_1', 'none', 'x'.repeat(1_000), '\0', '💥'])('%s is no label', (label) => {
  expect(encodingOf(label)).toBeUndefined();
});

test('labels that stand for unsafe encodings give one replacement character', () => {
  expect(decodeText(Buffer.from('anything'), 'replacement')).toBe('\uFFFD');
  expect(decodeText(Buffer.alloc(0), 'replacement')).toBe('');
});

test('every character of KS X 1001 and Big5 that browsers know is decoded', () => {
  expect(decodeText(Buffer.from([0x8c, 0x63, 0xb0, 0xa1]), 'EUC-KR')).toBe('똠가');
  expect(decodeText(Buffer.from([0x87, 0x40, 0xa4, 0xa4]), 'Big5')).toBe('䏰中');
});

test('no bytes, header or type make it throw, and the charset it names can be decoded', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .constantFrom('<meta charset=', '<meta http-equiv=content-type content="', '<!--', '<?xml encoding=', '"', "'", '>', '\x1b$B')
      .map((text) => Buffer.from(text)),
    fc.constantFrom(...Object.keys(LABELS)).map((label) => Buffer.from(label)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.constantFrom('text/html', 'application/xml', 'text/plain', 'application/json', ''),
      fc.option(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(LABELS))), { nil: undefined }),
      (pieces, type, header) => {
        const body = Buffer.concat(pieces);
        const charset = sniffCharset(body, type, header);
        expect(encodingOf(charset)).toBe(charset);
        expect(decodeText(body, charset)).toBeTypeOf('string');
      },
    ),
    { numRuns: 2_000 },
  );
});

describe('detection of undeclared text', () => {
  test.each([
    ['French', 'windows-1252', 'L’été dernier, à l’hôtel, les élèves ont mangé des pâtes très épicées, ça leur a plu.'],
    ['German', 'windows-1252', 'Die Bären fraßen über Nacht süße Äpfel; öffentliche Gebäude blieben geöffnet für Gäste.'],
    ['Spanish', 'windows-1252', 'El niño pidió más café y después jugó al fútbol con su compañero en el jardín.'],
    ['Polish', 'windows-1250', 'Zażółć gęślą jaźń – książka, która leży na półce, jest własnością mojej córki.'],
    ['Czech', 'ISO-8859-2', 'Příliš žluťoučký kůň úpěl ďábelské ódy, když šel kolem našeho domu.'],
    ['Hungarian', 'windows-1250', 'Árvíztűrő tükörfúrógép, és a gyerekek öröme, amikor hazaérkezett az édesanyjuk.'],
    ['Turkish', 'windows-1254', 'Şişli’de yağmur yağıyordu, çocuklar ışıklı caddede koşuyor ve gülüyorlardı.'],
    ['Russian', 'windows-1251', 'Широкая электрификация южных губерний даст мощный толчок подъёму сельского хозяйства.'],
    ['Russian', 'KOI8-U', 'Широкая электрификация южных губерний даст мощный толчок подъему сельского хозяйства.'],
    ['Russian', 'IBM866', 'Широкая электрификация южных губерний даст мощный толчок подъему сельского хозяйства.'],
    ['Ukrainian', 'windows-1251', 'Єдиний вихід для їхньої родини був у тому, щоб поїхати якнайшвидше до міста.'],
    ['Greek', 'windows-1253', 'Το γρήγορο καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί της γειτονιάς μας.'],
    ['Hebrew', 'windows-1255', 'דג סקרן שט בים מאוכזב ולפתע מצא חברה חדשה ונחמדה מאוד'],
    ['Arabic', 'windows-1256', 'الثعلب البني السريع يقفز فوق الكلب الكسول في الحديقة الكبيرة كل يوم'],
    ['Thai', 'windows-874', 'เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน'],
    ['Japanese', 'Shift_JIS', 'いろはにほへと、東京の天気は晴れです。明日はアメリカへ行きます。'],
    ['Japanese', 'EUC-JP', 'いろはにほへと、東京の天気は晴れです。明日はアメリカへ行きます。'],
    ['Korean', 'EUC-KR', '키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다.'],
    ['Chinese', 'GBK', '我们在这个地方生活了很多年，大家都知道他是一个好人，没有人不喜欢他。'],
    ['Chinese', 'Big5', '我們在這個地方生活了很多年，大家都知道他是一個好人，沒有人不喜歡他。'],
  ])('%s in %s', (_language, encoding, text) => {
    const page = `<html><head><title>Page</title></head><body><p>${text}</p><a href="/next">next</a></body></html>`;
    const body = encodeText(page, encoding);
    const charset = sniffCharset(body, HTML, undefined);
    expect(decodeText(body, charset)).toBe(page);
  });

  test('Japanese by escape sequences', () => {
    const body = Buffer.from('<p>\x1b$B$3$s$K$A$O\x1b(B</p>');
    expect(sniffCharset(body, HTML, 'bogus')).toBe('ISO-2022-JP');
  });
});

test('a fetched page tells the charset that it was read with', async () => {
  const site = await startSite((_request, response) =>
    response.setHeader('content-type', 'text/html; charset=nonsense').end(encodeText('<meta charset=shift_jis><p>日本語', 'Shift_JIS')),
  );
  const page = await pageOf(testFetcher().fetch(requestTo(site.origin)));
  expect(page.text()).toBe('<meta charset=shift_jis><p>日本語');
  expect(page.charset).toBe('Shift_JIS');
  expect(page.provenance.charset).toBe('Shift_JIS');
});
