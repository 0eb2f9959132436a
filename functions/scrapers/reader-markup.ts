import { isComment, isText } from 'domhandler';
import { Parser } from 'htmlparser2';
import { COMMENT, DomDocument, DomElement, DomText, TEXT, type DomNode, type DomParent } from './reader-dom.ts';
import type { AnyNode } from '../scraper/page-tree.ts';

/** Elements without an end tag (HTML, section 13.1.2). */
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));
/** Elements whose text is written without escapes (HTML, section 13.3). */
const RAW = new Set('style script xmp iframe noembed noframes plaintext noscript'.split(' '));

/** The tree of a page once more, as a DOM that can be worked on. */
export function domOf(root: AnyNode): DomDocument {
  const document = new DomDocument();
  copyChildren(root, document, document);
  return document;
}

function copyChildren(from: AnyNode, into: DomParent, document: DomDocument): void {
  if (!('children' in from)) return;
  for (const child of from.children) {
    if ('attribs' in child) {
      const element = document.createElement(child.name);
      for (const [name, value] of Object.entries(child.attribs)) element.setAttribute(name, value);
      into.appendChild(element);
      copyChildren(child, element, document);
    } else if (isComment(child) || isText(child)) appendText(into, child.data, child.nodeType);
  }
}

/** Reads markup as children of an element; what is left open is closed. */
export function parseMarkup(html: string, into: DomElement): void {
  let open: DomElement = into;
  const parser = new Parser({
    onopentag(name, attributes) {
      const element = into.ownerDocument.createElement(name);
      for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
      open = open.appendChild(element);
    },
    onclosetag() {
      if (open !== into && open.parentNode instanceof DomElement) open = open.parentNode;
    },
    ontext: (data) => appendText(open, data, TEXT),
    oncomment: (data) => appendText(open, data, COMMENT),
  });
  parser.end(html);
}

/** Texts beside each other are one. */
function appendText(into: DomParent, data: string, nodeType: number): void {
  const last = into.lastChild;
  if (nodeType === TEXT && last instanceof DomText && last.nodeType === TEXT) last.data += data;
  else into.appendChild(new DomText(data, nodeType));
}

/** @see https://html.spec.whatwg.org/#serialising-html-fragments */
export function writeMarkup(nodes: readonly DomNode[]): string {
  const parts: string[] = [];
  write(nodes, parts, false);
  return parts.join('');
}

function write(nodes: readonly DomNode[], parts: string[], isRaw: boolean): void {
  for (const node of nodes) {
    if (node instanceof DomElement) {
      const name = node.localName;
      parts.push('<', name);
      for (const attribute of node.attributes) parts.push(' ', attribute.name, '="', escape(attribute.value, /[&\u00A0"<>]/g), '"');
      parts.push('>');
      if (VOID.has(name)) continue;
      write(node.childNodes, parts, RAW.has(name));
      parts.push('</', name, '>');
    } else if (node instanceof DomText) {
      if (node.nodeType === COMMENT) parts.push('<!--', node.data, '-->');
      else parts.push(isRaw ? node.data : escape(node.data, /[&\u00A0<>]/g));
    }
  }
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '\u00A0': '&nbsp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

function escape(text: string, what: RegExp): string {
  return text.replaceAll(what, (char) => escapes[char] ?? char);
}
