import { describe, expect, test } from 'vitest';
import { buildTree } from '../../functions/scraper/page-tree.ts';
import { DomText, type DomDocument, type DomElement } from '../../functions/scrapers/reader-dom.ts';
import { domOf } from '../../functions/scrapers/reader-markup.ts';

function documentOf(html: string): DomDocument {
  const $ = buildTree(html, { parser: 'html5', xml: false, baseUrl: 'https://a.example/', maxNesting: 1_000, maxNodes: 100_000 });
  const [root] = $.root();
  if (!root) throw new Error('There is no tree.');
  return domOf(root);
}

function bodyOf(html: string): DomElement {
  const { body } = documentOf(html);
  if (!body) throw new Error('There is no body.');
  return body;
}

describe('the DOM of a reader', () => {
  test('is the tree of the page, texts beside each other in one piece', () => {
    const document = documentOf('<title>A &amp; B</title><p id=x class="a b">one &lt; two<!-- three --><br>four');

    expect(document.title).toBe('A & B');
    expect(document.documentElement?.nodeName).toBe('HTML');
    const [p] = document.getElementsByTagName('p');
    expect(p).toMatchObject({ id: 'x', className: 'a b', tagName: 'P', textContent: 'one < twofour' });
    expect(p?.childNodes.map((node) => node.nodeName)).toEqual(['#text', '#comment', 'BR', '#text']);
  });

  test('writes markup that reads back as the same', () => {
    const body = bodyOf('<div title="&quot;1&quot; &lt; 2">a&nbsp;&amp;<img src=x><b>c</b><!--d--></div>');
    const html = body.innerHTML;

    body.innerHTML = html;

    expect(html).toBe('<div title="&quot;1&quot; &lt; 2">a&nbsp;&amp;<img src="x"><b>c</b><!--d--></div>');
    expect(body.innerHTML).toBe(html);
  });

  test('moves nodes, and its lists tell', () => {
    const body = bodyOf('<i>1</i><b>2</b><u>3</u>');
    const [i, b, u] = body.children;
    if (!i || !b || !u) throw new Error('There are three.');

    body.appendChild(i);
    body.replaceChild(body.ownerDocument.createElement('P'), b);
    u.previousElementSibling?.appendChild(new DomText('4'));

    expect(body.innerHTML).toBe('<p>4</p><u>3</u><i>1</i>');
    expect([body.firstElementChild?.nodeName, body.lastElementChild?.nodeName]).toEqual(['P', 'I']);
    expect([b.parentNode, b.nextSibling, i.nextElementSibling]).toEqual([null, null, null]);
    expect(body.getElementsByTagName('p')).toHaveLength(1);
    expect(body.querySelectorAll('i,p').map((element) => element.nodeName)).toEqual(['P', 'I']);
  });

  test('copies elements whole, and the copy is its own', () => {
    const [div] = bodyOf('<div lang=en><p>one').children;
    const copy = div?.cloneNode(true);

    copy?.setAttribute('lang', 'de');
    if (copy) copy.textContent = 'two';

    expect(div?.outerHTML).toBe('<div lang="en"><p>one</p></div>');
    expect(copy?.outerHTML).toBe('<div lang="de">two</div>');
  });

  test.each([
    ['display:none', { display: 'none', visibility: '' }],
    ['color:red; Visibility : HIDDEN !important', { display: '', visibility: 'hidden' }],
    ['display:none;display:block', { display: 'block', visibility: '' }],
    ['x-display:none', { display: '', visibility: '' }],
  ])('says of style="%s" whether it can be seen', (style, seen) => {
    expect(bodyOf(`<p style="${style}">`).children[0]?.style).toEqual(seen);
  });
});
