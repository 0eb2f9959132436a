/** The little of the DOM that reading an article takes; the project is compiled without a browser's types. */
export interface DomNode {
  readonly nodeName: string;
  readonly nodeType: number;
  textContent: string;
  readonly parentNode: DomNode | null;
  readonly childNodes: ArrayLike<DomNode> & Iterable<DomNode>;
}

export interface DomElement extends DomNode {
  readonly innerHTML: string;
  readonly children: ArrayLike<DomElement> & Iterable<DomElement>;
  readonly getAttribute: (name: string) => string | null;
  readonly setAttribute: (name: string, value: string) => void;
  readonly removeAttribute: (name: string) => void;
  readonly querySelectorAll: (selector: string) => Iterable<DomElement>;
  readonly remove: () => void;
}
