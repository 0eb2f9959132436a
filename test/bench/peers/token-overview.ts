import { Tokenizer } from 'htmlparser2';
import type { Overview } from '../harness/overview.ts';
import { absolute, collapse, FIRST_LINKS } from './tree-overview.ts';

type Text = 'title' | 'h1';

/** The fields of an overview straight from htmlparser2's tokenizer, without a tree. */
export function tokenOverviewOf(source: string, url: string): Omit<Overview, 'url' | 'status'> {
  const texts: Record<Text, string | undefined> = { title: undefined, h1: undefined };
  const first: string[] = [];
  let within: Text | undefined;
  let links = 0;
  let description: string | undefined;
  let tag = '';
  let attribute = '';
  let value = '';
  let attributes: Record<string, string> = {};
  const opened = (): void => {
    if ((tag === 'title' || tag === 'h1') && !within && texts[tag] === undefined) {
      within = tag;
      texts[tag] = '';
    } else if (tag === 'a' && attributes['href'] !== undefined) {
      if (links++ < FIRST_LINKS) first.push(absolute(attributes['href'], url));
    } else if (tag === 'meta' && attributes['name'] === 'description') description ??= attributes['content'];
  };
  const add = (text: string): void => {
    if (within) texts[within] += text;
  };
  const nothing = (): void => undefined;
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(from, to) {
        tag = source.slice(from, to).toLowerCase();
        attributes = {};
      },
      onattribname(from, to) {
        attribute = source.slice(from, to).toLowerCase();
        value = '';
      },
      onattribdata(from, to) {
        value += source.slice(from, to);
      },
      onattribentity(code) {
        value += String.fromCodePoint(code);
      },
      onattribend() {
        attributes[attribute] ??= value;
      },
      onopentagend: opened,
      onselfclosingtag: opened,
      onclosetag(from, to) {
        if (within && source.slice(from, to).toLowerCase() === within) within = undefined;
      },
      ontext: (from, to) => add(source.slice(from, to)),
      ontextentity: (code) => add(String.fromCodePoint(code)),
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onprocessinginstruction: nothing,
    },
  );
  tokenizer.write(source);
  tokenizer.end();
  return { title: collapse(texts.title ?? ''), h1: collapse(texts.h1 ?? ''), description: description ?? '', links, first };
}
