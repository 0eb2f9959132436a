import { TEXT_NODE, type AnyNode } from './page-tree.ts';

/** Elements whose text no reader sees; their own text counts only where one of them is asked for itself. */
const UNSEEN = new Set(['script', 'style', 'template', 'noscript', 'svg', 'title', 'iframe']);

/** Elements that a browser sets on lines or in cells of their own: words on both sides of their edges are two words. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br button caption center dd details dialog div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html input legend li main nav ol optgroup option p pre search section select summary table tbody ' +
    'td textarea tfoot th thead tr ul'
  ).split(' '),
);

/**
 * The text of a node as a reader sees it: scripts and styles left out, words of neighbouring blocks and cells apart, white space
 * collapsed to single spaces, ends trimmed. Walks along the nodes' own links: no depth of nesting can overflow the stack.
 *
 * @param maxChars - stops before the text grows longer; a caller that must know passes one more than it takes.
 */
export function readableText(root: AnyNode, maxChars = Infinity): string {
  const parts: string[] = [];
  let chars = 0;
  walk(root, {
    text: (data) => {
      parts.push(data);
      chars += data.length;
      return chars <= maxChars;
    },
    edge: () => void parts.push(' '),
  });
  const text = collapse(parts.join(''));
  return text.length > maxChars ? text.slice(0, maxChars) : text;
}

/** White space of all kinds to single spaces, ends trimmed. */
export function collapse(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Visits texts in document order and the edges of blocks; `text` stops the walk by returning false. */
function walk(root: AnyNode, visit: { text: (data: string) => boolean; edge: () => void }): void {
  let node: AnyNode = root;
  for (;;) {
    let down: AnyNode | undefined;
    if (node.nodeType === TEXT_NODE) {
      if (!visit.text(node.data)) return;
    } else if ('children' in node && (node === root || !('name' in node && UNSEEN.has(node.name)))) {
      if ('name' in node && BLOCKS.has(node.name)) visit.edge();
      down = node.children[0];
    }
    if (down) {
      node = down;
      continue;
    }
    // Up to the next node that has something behind it.
    while (node !== root && !node.next) {
      const parent: AnyNode | null = node.parent;
      if (!parent) return;
      node = parent;
      if (node !== root && 'name' in node && BLOCKS.has(node.name)) visit.edge();
    }
    if (node === root) return;
    if (node.next) node = node.next;
  }
}
