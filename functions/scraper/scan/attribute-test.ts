import { AttributeAction, type AttributeSelector } from 'css-what';
import { attributeName } from './tag-attributes.ts';
import type { ElementAtHand, ElementTest } from './element-test.ts';

/**
 * Attributes whose values know no case in selectors (HTML, section 4.16.2).
 */
const CASELESS = new Set(
  (
    'accept accept-charset align alink axis bgcolor charset checked clear codetype color compact declare defer dir direction disabled ' +
    'enctype face frame hreflang http-equiv lang language link media method multiple nohref noresize noshade nowrap readonly rel rev ' +
    'rules scope scrolling selected shape target text type valign valuetype vlink'
  ).split(' '),
);

/**
 * A test for one attribute selector, `.class` and `#id` among them, with the results of css-select.
 *
 * @returns undefined where the tree must decide: names that every object has, and namespaces.
 */
export function attributeTest(selector: AttributeSelector): ElementTest | undefined {
  const lower = selector.name.toLowerCase();
  if (selector.namespace !== null || lower in Object.prototype) return undefined;
  const name = attributeName(lower);
  if (selector.action === AttributeAction.Exists) return (element) => element.attributes.has(name);
  // `quirks` is for pages without a doctype, which nobody asks for here.
  const isCaseless = selector.ignoreCase === true || (selector.ignoreCase === null && CASELESS.has(lower));
  const test = valueTest(selector.action, selector.value, isCaseless);
  if (selector.action === AttributeAction.Not) {
    return (element: ElementAtHand) => {
      const value = element.attributes.value(name);
      return value === undefined ? selector.value !== '' : test(value);
    };
  }
  return (element: ElementAtHand) => {
    const value = element.attributes.value(name);
    return value !== undefined && test(value);
  };
}

function valueTest(action: AttributeAction, wanted: string, isCaseless: boolean): (value: string) => boolean {
  const cased = isCaseless ? wanted.toLowerCase() : wanted;
  const fold = isCaseless ? (value: string) => value.toLowerCase() : (value: string) => value;
  const { length } = wanted;
  switch (action) {
    case AttributeAction.Equals:
      return (value) => value.length === cased.length && fold(value) === cased;
    case AttributeAction.Not:
      if (wanted === '') return (value) => value !== '';
      return (value) => value.length !== cased.length || fold(value) !== cased;
    case AttributeAction.Start:
      if (length === 0) return never;
      return (value) => value.length >= length && fold(value.slice(0, length)) === cased;
    case AttributeAction.End:
      if (length === 0) return never;
      return (value) => fold(value.slice(-length)) === cased;
    case AttributeAction.Hyphen:
      return (value) => (value.length === length || value.charAt(length) === '-') && fold(value.slice(0, length)) === cased;
    case AttributeAction.Any: {
      if (wanted === '') return never;
      if (!isCaseless) return (value) => value.includes(wanted);
      const pattern = new RegExp(escaped(wanted), 'i');
      return (value) => value.length >= wanted.length && pattern.test(value);
    }
    case AttributeAction.Element: {
      if (/\s/.test(wanted)) return never;
      // White space is what a regular expression takes for it, which is more than ASCII's.
      const pattern = new RegExp(`(?:^|\\s)${escaped(wanted)}(?:$|\\s)`, isCaseless ? 'i' : '');
      if (isCaseless) return (value) => value.length >= length && pattern.test(value);
      return (value) => value === wanted || (value.includes(wanted) && pattern.test(value));
    }
    default:
      return never;
  }
}

function never(): boolean {
  return false;
}

function escaped(text: string): string {
  return text.replaceAll(/[-[\]{}()*+?.,\\^$|#\s]/g, String.raw`\$&`);
}
