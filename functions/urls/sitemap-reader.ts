import { Parser } from 'htmlparser2';
import { UsageError } from '../job/errors.ts';
import { badUrlAdvice, clip, normalise } from './normal-form.ts';
import { tooLongFault } from './line-faults.ts';
import { MAX_LINE_BYTES, place, type Reader, type Sink } from './types.ts';

/** No sitemap nests deeper than four elements; extensions for images and videos add two. */
const MAX_DEPTH = 32;
/** What may come without any tag between, in bytes: the parser may hold it. */
const MAX_QUIET_BYTES = 1024 * 1024;

/**
 * Reads a sitemap: `<loc>` of each `<url>` is fetched, its `<lastmod>` goes to `data`. Of a sitemap index each `<sitemap>` is
 * handed on to be read later. Extensions (images, news, alternates) are left alone.
 *
 * The parser forgives: a bare `&` in one address, the commonest fault of sitemaps, must not cost the thousands behind it.
 * It knows no entities but XML's own, so none can multiply.
 *
 * @see https://www.sitemaps.org/protocol.html
 */
export class SitemapReader implements Reader {
  readonly #name: string;
  readonly #sink: Sink;
  readonly #parser: Parser;
  readonly #decoder = new TextDecoder('utf-8');
  readonly #lines = new LineCount();
  /** Local names of the open elements. */
  readonly #path: string[] = [];
  #hasRoot = false;
  #text = '';
  #loc: string | undefined;
  #lastmod: string | undefined;
  #quietBytes = 0;
  /** Given up, with a fault. */
  #isBroken = false;

  constructor(name: string, sink: Sink) {
    this.#name = name;
    this.#sink = sink;
    this.#parser = new Parser(
      {
        onopentagname: (tag) => this.#open(tag.slice(tag.indexOf(':') + 1)),
        onclosetag: () => this.#close(),
        ontext: (text) => {
          if (this.#text.length <= MAX_LINE_BYTES) this.#text += text;
        },
      },
      { xmlMode: true },
    );
  }

  get at(): number {
    return this.#lines.upTo(this.#parser.endIndex);
  }

  write(block: Buffer): void {
    if (this.#isBroken) return;
    const text = this.#decoder.decode(block, { stream: true });
    this.#lines.add(text);
    this.#quietBytes += block.length;
    this.#parser.write(text);
    if (this.#quietBytes > MAX_QUIET_BYTES) this.#giveUp(`has more than ${MAX_QUIET_BYTES} bytes without a tag`);
  }

  end(): void {
    if (this.#isBroken) return;
    const open = this.#path.at(-1);
    if (!this.#hasRoot) this.#giveUp('is no XML');
    else if (open !== undefined) this.#giveUp(`ends inside <${clip(open, 50)}>: the sitemap is cut off`);
  }

  #open(name: string): void {
    if (this.#isBroken) return;
    this.#quietBytes = 0;
    if (!this.#hasRoot && name !== 'urlset' && name !== 'sitemapindex')
      throw new UsageError(
        'no-sitemap',
        `${this.#name} is no sitemap: it begins with <${clip(name, 50)}>, not <urlset> or <sitemapindex>.`,
      );
    this.#hasRoot = true;
    this.#path.push(name);
    this.#text = '';
    if (this.#path.length > MAX_DEPTH) this.#giveUp(`nests elements deeper than ${MAX_DEPTH}`);
  }

  #close(): void {
    if (this.#isBroken) return;
    this.#quietBytes = 0;
    const name = this.#path.pop();
    const parent = this.#path.at(-1);
    if (this.#path.length === 2 && (parent === 'url' || parent === 'sitemap')) {
      if (name === 'loc') this.#loc = this.#text.trim();
      else if (name === 'lastmod') this.#lastmod = this.#text.trim();
    } else if (this.#path.length === 1 && (name === 'url' || name === 'sitemap')) {
      this.#entry(name === 'sitemap');
      this.#loc = undefined;
      this.#lastmod = undefined;
    }
    this.#text = '';
  }

  #entry(isSitemap: boolean): void {
    const line = this.at;
    const loc = this.#loc;
    if (loc === undefined) return this.#fault('ends an entry without <loc>. Give each entry its URL.');
    if (loc.length > MAX_LINE_BYTES) return this.#sink.fault(tooLongFault(Buffer.from(clip(loc)), line, this.#name));
    if (loc.includes('\ufffd')) return this.#fault('is not UTF-8. Save the sitemap as UTF-8.', loc);
    const url = normalise(loc);
    if (url === undefined) {
      const message = `${place(line, this.#name)} ${badUrlAdvice(loc)} Its <loc> reads: ${clip(loc)}`;
      return this.#sink.fault({ code: 'bad-url', message, line, text: clip(loc) });
    }
    if (isSitemap) this.#sink.sitemap(url, line);
    else this.#sink.request(this.#lastmod === undefined ? { url } : { url, data: { lastmod: clip(this.#lastmod) } }, line);
  }

  #giveUp(what: string): void {
    this.#isBroken = true;
    this.#fault(`${what}. What stands before it is kept.`);
  }

  #fault(what: string, text = ''): void {
    const line = this.at;
    this.#sink.fault({ code: 'bad-line', message: `${place(line, this.#name)} ${what}`, line, text: clip(text) });
  }
}

/** Turns the parser's character positions, which only grow, into line numbers. */
class LineCount {
  #text = '';
  /** Position of the text's first character in the whole. */
  #start = 0;
  /** Counted up to here, inside the text. */
  #counted = 0;
  #line = 1;

  add(text: string): void {
    this.upTo(Infinity);
    this.#start += this.#text.length;
    this.#text = text;
    this.#counted = 0;
  }

  upTo(position: number): number {
    const until = Math.min(position - this.#start, this.#text.length);
    for (let at = this.#text.indexOf('\n', this.#counted); at >= 0 && at < until; at = this.#text.indexOf('\n', at + 1)) this.#line++;
    this.#counted = Math.max(this.#counted, until);
    return this.#line;
  }
}
