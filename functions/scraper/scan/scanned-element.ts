import { Element, type ChildNode } from 'domhandler';
import { PageChars } from './page-chars.ts';
import { TagAttributes } from './tag-attributes.ts';

type Attributes = Element['attribs'];

/** No tag of the page begins the element. */
export const NO_TAG = -1;

const CHARS = Symbol('page');
const ATTRIBUTES = Symbol('attributes');
const reader = new TagAttributes(PageChars.ofText(''));

/**
 * An element whose attributes are read when they are first asked for: most of a page's never are, and an object with its strings for
 * each would be half of a page's tree.
 */
export class ScannedElement extends Element {
  /** The attributes, or where they stand in the page: behind the name of the tag. */
  declare [ATTRIBUTES]: Attributes | number;
  readonly [CHARS]: PageChars;

  constructor(name: string, children: ChildNode[], chars: PageChars, tagAt: number) {
    // Its setter takes what is given here.
    super(name, tagAt as unknown as Attributes, children);
    this[CHARS] = chars;
  }
}

Object.defineProperty(ScannedElement.prototype, 'attribs', {
  get(this: ScannedElement): Attributes {
    const known = this[ATTRIBUTES];
    return typeof known === 'number' ? (this[ATTRIBUTES] = attributesAt(this[CHARS], known)) : known;
  },
  set(this: ScannedElement, attributes: Attributes | number) {
    this[ATTRIBUTES] = attributes;
  },
  enumerable: true,
  configurable: true,
});

function attributesAt(chars: PageChars, at: number): Attributes {
  if (at === NO_TAG) return {};
  reader.reset(chars);
  reader.read(at);
  return reader.all();
}
