import type { ElementNode } from './page-tree.ts';

/** Classes that say how an element stands among others, or that a build tool has made up: none of them will hold tomorrow. */
const FLEETING =
  /^(active|current|selected|first|last|odd|even|open|closed|hidden|show|sale|new|hover|focus|disabled|clearfix)$|\d{3,}|^(css|sc|jsx|_)|--/i;

/** An element by its name and first lasting class: `li.product`, `h3`. */
export function selfSelector(element: ElementNode): string {
  const [name] = lastingClasses(element);
  return name === undefined ? element.name : `${element.name}.${name}`;
}

/** Classes that are part of the page's meaning, as far as one can tell, in the order of the page. */
export function lastingClasses(element: ElementNode): string[] {
  return (element.attribs['class'] ?? '').split(/\s+/).filter((name) => /^[A-Za-z][\w-]{1,40}$/.test(name) && !FLEETING.test(name));
}
