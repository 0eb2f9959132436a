import { books, BOOKS_PER_PAGE, PAGE_COUNT, type Book } from './sample-shop-books.ts';

/** The shop's looks: plain, and readable in a dark browser too. */
export const stylesheet = `
:root { color-scheme: light dark; --ink: light-dark(#22302b, #e6e2d8); --paper: light-dark(#fbf8f1, #1b211f); --line: light-dark(#d9d2c1, #3a4340); }
body { font: 17px/1.5 Georgia, serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 0 auto; padding: 1rem; }
header, footer { border-block: 1px solid var(--line); padding: .6rem 0; } a { color: inherit; }
.books { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1.2rem; list-style: none; padding: 0; }
.book { border: 1px solid var(--line); padding: .8rem; } .book h3 { font-size: 1rem; margin: .4rem 0; } .book img { width: 100%; height: auto; }
.price { font-weight: bold; } .sale .price { color: #b3402a; } .regular-price { text-decoration: line-through; opacity: .7; }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; } th { text-align: left; padding-right: 1rem; }
.detail { display: grid; grid-template-columns: 16rem 1fr; gap: 2rem; } nav.pager { display: flex; justify-content: space-between; margin: 1rem 0; }
@media (max-width: 40rem) { .detail { grid-template-columns: 1fr; } }
`;

export function homePage(): string {
  return layout(
    'Thimble & Tide Books',
    `<h1>Thimble &amp; Tide Books</h1><p>${books.length} books that nobody has written yet.</p>
<p><a href="/books/page-1.html">All books</a></p>`,
  );
}

export function listPage(number: number): string {
  const shelf = books.slice((number - 1) * BOOKS_PER_PAGE, number * BOOKS_PER_PAGE);
  const pager = `<nav class="pager"><span>${number > 1 ? `<a rel="prev" href="page-${number - 1}.html">Earlier shelf</a>` : ''}</span>
<span>Page ${number} of ${PAGE_COUNT}</span><span>${number < PAGE_COUNT ? `<a rel="next" href="page-${number + 1}.html">Next shelf</a>` : ''}</span></nav>`;
  return layout(
    `All books, page ${number} of ${PAGE_COUNT}`,
    `<h1>All books</h1>\n<ul class="books">\n${shelf.map(card).join('\n')}\n</ul>\n${pager}`,
  );
}

/** Links on list pages are relative, those on book pages absolute paths: both occur in the wild. */
function card(book: Book): string {
  return `<li class="book${book.regularPence === undefined ? '' : ' sale'}">
<a href="${book.path.slice('/books/'.length)}"><img src="${book.coverPath}" alt="Cover of ${escape(book.title)}" width="200" height="260" loading="lazy"></a>
<h3><a href="${book.path.slice('/books/'.length)}" title="${escape(book.title)}">${escape(book.title)}</a></h3>
<p class="author">${escape(book.author)}</p>
<p>${prices(book)}</p>
</li>`;
}

export function bookPage(book: Book): string {
  const related = book.related.map((number) => books[number - 1]).filter((other) => other !== undefined);
  return layout(
    book.title,
    `<article class="detail${book.regularPence === undefined ? '' : ' sale'}">
<div class="cover"><img src="${book.coverPath}" alt="Cover of ${escape(book.title)}" width="200" height="260"></div>
<div>
<h1>${escape(book.title)}</h1>
<p>by <a class="author" href="/basket/author?name=${encodeURIComponent(book.author)}">${escape(book.author)}</a></p>
<p>${prices(book)}</p>
<p class="stock">${book.stock === 0 ? 'Out of stock' : `In stock (${book.stock} available)`}</p>
<p class="description">${escape(book.description)}</p>
<table>
<tr><th>ISBN</th><td>${book.isbn}</td></tr>
<tr><th>Pages</th><td>${book.pages}</td></tr>
<tr><th>Published</th><td><time datetime="${book.published}">${longDate(book.published)}</time></td></tr>
</table>
<p>${book.tags.map((tag) => `<span class="tag">${tag}</span>`).join(' ')}</p>
</div>
</article>
<section class="related"><h2>Beside it on the shelf</h2>
<ul>
${related.map((other) => `<li><a href="${other.path}">${escape(other.title)}</a></li>`).join('\n')}
</ul>
</section>`,
    `<link rel="canonical" href="${book.path}">
<meta name="description" content="${escape(book.description)}">
<meta property="og:title" content="${escape(book.title)}">
<meta property="og:type" content="book">
<script type="application/ld+json">${jsonLd(book)}</script>`,
  );
}

export function notFoundPage(): string {
  return layout('Not found', '<h1>No such page</h1><p>It may be on another shelf: <a href="/books/page-1.html">all books</a>.</p>');
}

export function coverImage(book: Book): string {
  const hue = (book.number * 47) % 360;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 260"><rect width="200" height="260" fill="hsl(${hue} 35% 38%)"/>
<rect x="14" y="14" width="172" height="232" fill="none" stroke="#fff" stroke-opacity=".5"/>
<circle cx="100" cy="170" r="${30 + (book.number % 5) * 8}" fill="hsl(${(hue + 150) % 360} 45% 62%)"/>
<text x="100" y="70" fill="#fff" font-family="Georgia, serif" font-size="13" text-anchor="middle">${escape(book.title.slice(0, 26))}</text></svg>`;
}

function layout(title: string, main: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/shop.css">
${head}
</head>
<body>
<header><a href="/">Thimble &amp; Tide Books</a> · <a href="/basket/" rel="nofollow">Basket</a></header>
<main>
${main}
</main>
<footer><small>A sample shop for trying a scraper. Every book in it is invented.</small></footer>
</body>
</html>
`;
}

function prices(book: Book): string {
  const regular = book.regularPence === undefined ? '' : ` <span class="regular-price">${pounds(book.regularPence)}</span>`;
  return `<span class="price">${pounds(book.pricePence)}</span>${regular}`;
}

function pounds(pence: number): string {
  return `£${(pence / 100).toFixed(2)}`;
}

function longDate(iso: string): string {
  return new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
}

function jsonLd(book: Book): string {
  return JSON.stringify({
    '@context': 'https://schema.org',
    '@type': 'Book',
    name: book.title,
    author: { '@type': 'Person', name: book.author },
    isbn: book.isbn,
    offers: { '@type': 'Offer', price: (book.pricePence / 100).toFixed(2), priceCurrency: 'GBP' },
  }).replaceAll('<', String.raw`\u003c`);
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
