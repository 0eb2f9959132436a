import { Parser, QuoteType, type Tokenizer as ParserTokenizer } from 'htmlparser2';
import { ErrorCodes, Tokenizer, TokenizerMode, type Token } from 'parse5';
import { GuardedHandler } from '../../../functions/scraper/parsed-tree.ts';
import type { TreeLimits } from '../../../functions/scraper/tree-limits.ts';

/** What follows the start tag of an element whose content is text (HTML, section 13.2.6.4). */
const STATES: ReadonlyMap<string, number> = new Map([
  ['script', TokenizerMode.SCRIPT_DATA],
  ['style', TokenizerMode.RAWTEXT],
  ['xmp', TokenizerMode.RAWTEXT],
  ['iframe', TokenizerMode.RAWTEXT],
  ['noembed', TokenizerMode.RAWTEXT],
  ['noframes', TokenizerMode.RAWTEXT],
  ['title', TokenizerMode.RCDATA],
  ['textarea', TokenizerMode.RCDATA],
  ['plaintext', TokenizerMode.PLAINTEXT],
]);

/** Stands for NUL, which parse5 replaces and the scan leaves as it is. */
const NUL = '\uE000';

/**
 * The tree of a page as urldrop means it, made by others: parse5's tokenizer, by the HTML Standard, tells htmlparser2's parser the tags,
 * and the tree builder what that makes of them. What is scanned must equal it, but for line ends: parse5 makes one of CR and LF.
 */
export function standardTree(page: string, limits: TreeLimits): GuardedHandler['root'] {
  const handler = new GuardedHandler({ ...limits, xml: false });
  class StandardTokenizer {
    readonly running = true;
    readonly #parser: Parser;
    #text = '';
    /** Attributes left out since the tag has one of the name. */
    #repeated = 0;

    constructor(_: unknown, parser: Parser) {
      this.#parser = parser;
    }

    write(source: string): void {
      const parser = this.#parser;
      const takeText = ({ chars }: Token.CharacterToken): void => void (this.#text += chars);
      const tokenizer = new Tokenizer(
        { sourceCodeLocationInfo: true },
        {
          onParseError: ({ code }) => void (this.#repeated += code === ErrorCodes.duplicateAttribute ? 1 : 0),
          onCharacter: takeText,
          onNullCharacter: takeText,
          onWhitespaceCharacter: takeText,
          onStartTag: (tag) => {
            this.#flush();
            const state = parser.isInForeignContext() ? undefined : STATES.get(tag.tagName);
            this.#startTag(tag);
            // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- parse5 has two names for its states
            if (state !== undefined) tokenizer.state = state;
            tokenizer.inForeignNode = parser.isInForeignContext();
          },
          onEndTag: ({ location, tagName }) => {
            this.#flush();
            this.#repeated = 0;
            const start = (location?.startOffset ?? 0) + '</'.length;
            parser.onclosetag(start, start + tagName.length);
            tokenizer.inForeignNode = parser.isInForeignContext();
          },
          onComment: ({ data }) => {
            this.#flush();
            handler.oncomment(kept(data));
            handler.oncommentend();
          },
          onDoctype: ({ location }) => {
            this.#flush();
            const markup = source.slice((location?.startOffset ?? 0) + '<'.length, location?.endOffset);
            handler.onprocessinginstruction('!doctype', markup.replace(/>$/, ''));
          },
          onEof: () => this.#flush(),
        },
      );
      tokenizer.write(source.replaceAll('\0', NUL), true);
    }

    end(): void {
      this.#parser.onend();
    }

    #startTag({ location, tagName, attrs, selfClosing }: Token.TagToken): void {
      const parser = this.#parser;
      const start = (location?.startOffset ?? 0) + '<'.length;
      parser.onopentagname(start, start + tagName.length);
      for (const { name, value } of attrs) {
        const at = location?.attrs?.[name]?.startOffset ?? 0;
        parser.onattribname(at, at + name.length);
        for (const sign of kept(value)) parser.onattribentity(sign.codePointAt(0) ?? 0);
        parser.onattribend(QuoteType.Double, at);
      }
      // The limits of a tree hold for what is read.
      for (; this.#repeated > 0; this.#repeated--) handler.onattribute();
      if (selfClosing) parser.onselfclosingtag(start);
      else parser.onopentagend(start);
    }

    /** All of a text at once: the tree builder goes by its first part. */
    #flush(): void {
      if (this.#text !== '') handler.ontext(kept(this.#text));
      this.#text = '';
    }
  }
  new Parser(handler, { Tokenizer: StandardTokenizer as unknown as typeof ParserTokenizer }).end(page);
  return handler.root;
}

function kept(text: string): string {
  return text.replaceAll(NUL, '\0');
}
