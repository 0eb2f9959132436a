import { parseMarkup, writeMarkup } from './reader-markup.ts';

// Numbers of the DOM Standard, section 4.4 (Node.nodeType).
export const ELEMENT = 1;
export const TEXT = 3;
export const COMMENT = 8;
const DOCUMENT = 9;

/**
 * As much of the DOM as Readability and Turndown use, in no more bytes and memory than that takes: a library with all of it is a third
 * of the whole bundle. Neighbours are linked, so that nodes can be moved without shifting others; lists of them are not live.
 *
 * @see https://dom.spec.whatwg.org/
 */
export abstract class DomNode {
  abstract readonly nodeType: number;
  abstract readonly nodeName: string;
  abstract textContent: string;
  abstract readonly firstChild: DomNode | null;
  abstract readonly childNodes: readonly DomNode[];
  parentNode: DomParent | null = null;
  previousSibling: DomNode | null = null;
  nextSibling: DomNode | null = null;

  abstract cloneNode(deep?: boolean): DomNode;

  get previousElementSibling(): DomElement | null {
    let node = this.previousSibling;
    while (node && !(node instanceof DomElement)) node = node.previousSibling;
    return node;
  }

  get nextElementSibling(): DomElement | null {
    return elementFrom(this.nextSibling);
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }
}

const NONE = [] as const;

/** A text or a comment. */
export class DomText extends DomNode {
  readonly nodeType: number;
  readonly firstChild = null;
  data: string;

  constructor(data: string, nodeType = TEXT) {
    super();
    this.data = data;
    this.nodeType = nodeType;
  }

  get nodeName(): string {
    return this.nodeType === TEXT ? '#text' : '#comment';
  }

  get nodeValue(): string {
    return this.data;
  }

  get childNodes(): readonly [] {
    return NONE;
  }

  get textContent(): string {
    return this.data;
  }

  set textContent(text: string) {
    this.data = text;
  }

  cloneNode(): DomText {
    return new DomText(this.data, this.nodeType);
  }
}

/** What holds other nodes: an element or the document. */
export abstract class DomParent extends DomNode {
  firstChild: DomNode | null = null;
  lastChild: DomNode | null = null;
  #childNodes: readonly DomNode[] | undefined;
  #children: readonly DomElement[] | undefined;

  get childNodes(): readonly DomNode[] {
    if (this.#childNodes) return this.#childNodes;
    const nodes: DomNode[] = [];
    for (let node = this.firstChild; node; node = node.nextSibling) nodes.push(node);
    return (this.#childNodes = nodes);
  }

  get children(): readonly DomElement[] {
    return (this.#children ??= this.childNodes.filter((node) => node instanceof DomElement));
  }

  get firstElementChild(): DomElement | null {
    return elementFrom(this.firstChild);
  }

  get lastElementChild(): DomElement | null {
    return this.children.at(-1) ?? null;
  }

  get textContent(): string {
    const parts: string[] = [];
    for (let node = nextWithin(this, this); node; node = nextWithin(this, node)) {
      if (node instanceof DomText && node.nodeType === TEXT) parts.push(node.data);
    }
    return parts.join('');
  }

  set textContent(text: string) {
    while (this.firstChild) this.removeChild(this.firstChild);
    if (text !== '') this.appendChild(new DomText(text));
  }

  appendChild<T extends DomNode>(node: T): T {
    return this.#insert(node, null);
  }

  replaceChild<T extends DomNode>(node: DomNode, old: T): T {
    if (node !== old) {
      this.#insert(node, old);
      this.removeChild(old);
    }
    return old;
  }

  removeChild<T extends DomNode>(node: T): T {
    const { previousSibling: before, nextSibling: after } = node;
    if (before) before.nextSibling = after;
    else this.firstChild = after;
    if (after) after.previousSibling = before;
    else this.lastChild = before;
    node.parentNode = node.previousSibling = node.nextSibling = null;
    this.#forgetLists();
    return node;
  }

  #insert<T extends DomNode>(node: T, before: DomNode | null): T {
    node.remove();
    const after = before ? before.previousSibling : this.lastChild;
    node.parentNode = this;
    node.previousSibling = after;
    node.nextSibling = before;
    if (after) after.nextSibling = node;
    else this.firstChild = node;
    if (before) before.previousSibling = node;
    else this.lastChild = node;
    this.#forgetLists();
    return node;
  }

  #forgetLists(): void {
    this.#childNodes = this.#children = undefined;
  }

  /** @param name - of elements, in small letters or capitals; `*` for all. */
  getElementsByTagName(name: string): DomElement[] {
    return elementsNamed(this, name === '*' ? undefined : new Set([name.toUpperCase()]));
  }

  /** @param names - of elements, with commas between them: no other selector is known here. */
  querySelectorAll(names: string): DomElement[] {
    return elementsNamed(this, new Set(names.toUpperCase().split(',')));
  }
}

/** An attribute, as elements hand it out. */
class DomAttribute {
  readonly name: string;
  readonly value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
  }

  /** Nothing in it changes: it is its own copy. */
  cloneNode(): this {
    return this;
  }
}

export class DomElement extends DomParent {
  readonly nodeType = ELEMENT;
  readonly localName: string;
  readonly nodeName: string;
  readonly ownerDocument: DomDocument;
  readonly #attributes = new Map<string, DomAttribute>();
  #list: readonly DomAttribute[] | undefined;

  constructor(name: string, ownerDocument: DomDocument) {
    super();
    this.localName = name.toLowerCase();
    this.nodeName = name.toUpperCase();
    this.ownerDocument = ownerDocument;
  }

  get tagName(): string {
    return this.nodeName;
  }

  get attributes(): readonly DomAttribute[] {
    return (this.#list ??= [...this.#attributes.values()]);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name)?.value ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  setAttribute(name: string, value: string): void {
    this.setAttributeNode(new DomAttribute(name, value));
  }

  setAttributeNode(attribute: DomAttribute): void {
    this.#attributes.set(attribute.name, attribute);
    this.#list = undefined;
  }

  removeAttribute(name: string): void {
    if (this.#attributes.delete(name)) this.#list = undefined;
  }

  get id(): string {
    return this.getAttribute('id') ?? '';
  }

  set id(value: string) {
    this.setAttribute('id', value);
  }

  get className(): string {
    return this.getAttribute('class') ?? '';
  }

  set className(value: string) {
    this.setAttribute('class', value);
  }

  get src(): string {
    return this.getAttribute('src') ?? '';
  }

  get srcset(): string {
    return this.getAttribute('srcset') ?? '';
  }

  /** What decides whether an element is seen. */
  get style(): { readonly display: string; readonly visibility: string } {
    const css = this.getAttribute('style') ?? '';
    const valueOf = (property: RegExp): string => css.match(property)?.at(-1)?.split(':')[1]?.split('!')[0]?.trim().toLowerCase() ?? '';
    return { display: valueOf(/(?<=^|;)\s*display\s*:[^;]*/gi), visibility: valueOf(/(?<=^|;)\s*visibility\s*:[^;]*/gi) };
  }

  get innerHTML(): string {
    return writeMarkup(this.childNodes);
  }

  set innerHTML(html: string) {
    while (this.firstChild) this.removeChild(this.firstChild);
    parseMarkup(html, this);
  }

  get outerHTML(): string {
    return writeMarkup([this]);
  }

  cloneNode(deep = false): DomElement {
    const copy = new DomElement(this.localName, this.ownerDocument);
    for (const attribute of this.attributes) copy.setAttributeNode(attribute);
    if (deep) for (const child of this.childNodes) copy.appendChild(child.cloneNode(true));
    return copy;
  }
}

export class DomDocument extends DomParent {
  readonly nodeType = DOCUMENT;
  readonly nodeName = '#document';
  /** Unknown to both: addresses in the page stay as they are. */
  readonly baseURI = null;
  readonly documentURI = null;

  get documentElement(): DomElement | null {
    return this.firstElementChild;
  }

  get body(): DomElement | null {
    return this.documentElement?.children.find((element) => element.nodeName === 'BODY') ?? null;
  }

  get title(): string {
    const head = this.documentElement?.children.find((element) => element.nodeName === 'HEAD');
    return head?.getElementsByTagName('title')[0]?.textContent ?? '';
  }

  createElement(name: string): DomElement {
    return new DomElement(name, this);
  }

  createTextNode(data: string): DomText {
    return new DomText(data);
  }

  cloneNode(): never {
    throw new Error('The document of a reader is not copied.');
  }
}

/** The node after one in document order, within a root: along the links, so that no depth of nesting can overflow the stack. */
function nextWithin(root: DomNode, from: DomNode): DomNode | null {
  if (from.firstChild) return from.firstChild;
  let node: DomNode | null = from;
  while (node && node !== root) {
    if (node.nextSibling) return node.nextSibling;
    node = node.parentNode;
  }
  return null;
}

function elementsNamed(root: DomParent, names: ReadonlySet<string> | undefined): DomElement[] {
  const found: DomElement[] = [];
  for (let node = nextWithin(root, root); node; node = nextWithin(root, node)) {
    if (node instanceof DomElement && (names?.has(node.nodeName) ?? true)) found.push(node);
  }
  return found;
}

function elementFrom(start: DomNode | null): DomElement | null {
  let node = start;
  while (node && !(node instanceof DomElement)) node = node.nextSibling;
  return node;
}
