export { startShop, type SampleShop, type ShopRequest } from '../../infra/local/sample-shop.ts';
export { books, BOOKS_PER_PAGE, PAGE_COUNT, type Book } from '../../infra/local/sample-shop-books.ts';
