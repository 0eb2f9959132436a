import { Comment, Document, Element, isComment, isDirective, isTag, isText, ProcessingInstruction, Text, type ChildNode } from 'domhandler';
import { parse, type DefaultTreeAdapterMap, type TreeAdapter, type TreeAdapterTypeMap } from 'parse5';
import { tooComplex, type TreeLimits } from './tree-limits.ts';

type TreeMap = TreeAdapterTypeMap<
  ChildNode | Document,
  Document | Element,
  ChildNode,
  Document,
  Document,
  Element,
  Comment,
  Text,
  Element,
  ProcessingInstruction
>;
type Adapter = TreeAdapter<TreeMap>;
type Mode = ReturnType<TreeAdapter<DefaultTreeAdapterMap>['getDocumentMode']>;

/**
 * Builds the tree of a page by the HTML Standard's own algorithm, as browsers do, with the same node classes as cheerio uses.
 *
 * The limits hold while the tree is built. parse5 keeps a stack of open elements, whose height is the nesting.
 *
 * @throws {RequestError} `too-complex`, naming the limit.
 */
export function buildHtml5Tree(text: string, limits: TreeLimits): Document {
  return parse<TreeMap>(text, { treeAdapter: guardedAdapter(limits), scriptingEnabled: false });
}

function guardedAdapter(limits: TreeLimits): Adapter {
  let nodes = 0;
  let open = 0;
  const count = (more: number): void => {
    nodes += more;
    if (nodes > limits.maxNodes) throw tooComplex(`holds more than ${limits.maxNodes} nodes`, 'limits.maxNodes');
  };
  return {
    ...adapter,
    createElement: (...given) => {
      count(1 + given[2].length);
      return adapter.createElement(...given);
    },
    createCommentNode: (data) => {
      count(1);
      return adapter.createCommentNode(data);
    },
    createTextNode: (data) => {
      count(1);
      return adapter.createTextNode(data);
    },
    insertText: (parent, data) => {
      const last = parent.children.at(-1);
      if (last && isText(last)) last.data += data;
      else {
        count(1);
        append(parent, new Text(data));
      }
    },
    insertTextBefore: (parent, data, reference) => {
      const before = reference.prev;
      if (before && isText(before)) before.data += data;
      else {
        count(1);
        insert(parent, new Text(data), reference);
      }
    },
    onItemPush: () => {
      if (++open > limits.maxNesting) throw tooComplex(`nests more than ${limits.maxNesting} elements`, 'limits.maxNesting');
    },
    onItemPop: () => {
      open--;
    },
  };
}

function append(parent: Document | Element, node: ChildNode): void {
  const last = parent.children.at(-1);
  if (last) last.next = node;
  node.prev = last ?? null;
  node.next = null;
  node.parent = parent;
  parent.children.push(node);
}

/** Searches from the end: misplaced content goes before a table that is still open, which stands last. */
function insert(parent: Document | Element, node: ChildNode, reference: ChildNode): void {
  const at = parent.children.lastIndexOf(reference);
  if (reference.prev) reference.prev.next = node;
  node.prev = reference.prev;
  node.next = reference;
  reference.prev = node;
  node.parent = parent;
  parent.children.splice(at, 0, node);
}

function detach(node: ChildNode): void {
  const { parent, prev, next } = node;
  if (!parent) return;
  if (prev) prev.next = next;
  if (next) next.prev = prev;
  if (parent.children.at(-1) === node) parent.children.pop();
  else parent.children.splice(parent.children.lastIndexOf(node), 1);
  node.parent = null;
  node.prev = null;
  node.next = null;
}

/** Positions in the source are not asked for, so nothing is kept of them. */
const adapter = {
  createDocument: () => new Document([]),
  createDocumentFragment: () => new Document([]),
  createElement: (name, namespace, attributes) => {
    const element = new Element(name, Object.fromEntries(attributes.map((a) => [a.prefix ? `${a.prefix}:${a.name}` : a.name, a.value])));
    element.namespace = namespace;
    return element;
  },
  createCommentNode: (data) => new Comment(data),
  createTextNode: (data) => new Text(data),
  appendChild: append,
  insertBefore: insert,
  insertText: (parent, data) => append(parent, new Text(data)),
  insertTextBefore: (parent, data, reference) => insert(parent, new Text(data), reference),
  detachNode: detach,
  adoptAttributes: (element, attributes) => {
    for (const { name, value } of attributes) if (!Object.hasOwn(element.attribs, name)) element.attribs[name] = value;
  },
  setTemplateContent: (template, content) => append(template, content),
  getTemplateContent: (template) => template.children[0] as unknown as Document,
  setDocumentType: (document, name) => append(document, new ProcessingInstruction('!doctype', `!DOCTYPE ${name}`)),
  setDocumentMode: (document, mode) => {
    document['x-mode'] = mode;
  },
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- parse5 reads what parse5 has set
  getDocumentMode: (document) => document['x-mode'] as Mode,
  getFirstChild: (node) => node.children[0] ?? null,
  getChildNodes: (node) => node.children,
  getParentNode: (node) => node.parent as Document | Element | null,
  getAttrList: (element) => Object.entries(element.attribs).map(([name, value]) => ({ name, value })),
  getTagName: (element) => element.name,
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- parse5 reads what parse5 has set
  getNamespaceURI: (element) => element.namespace as ReturnType<Adapter['getNamespaceURI']>,
  getTextNodeContent: (node) => node.data,
  getCommentNodeContent: (node) => node.data,
  getDocumentTypeNodeName: (node) => node.data.replace('!DOCTYPE ', ''),
  getDocumentTypeNodePublicId: () => '',
  getDocumentTypeNodeSystemId: () => '',
  isElementNode: isTag,
  isTextNode: isText,
  isCommentNode: isComment,
  isDocumentTypeNode: isDirective,
  setNodeSourceCodeLocation: () => undefined,
  getNodeSourceCodeLocation: () => undefined,
  updateNodeSourceCodeLocation: () => undefined,
} satisfies Adapter;
