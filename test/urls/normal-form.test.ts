import { describe, expect, it } from 'vitest';
import { badUrlAdvice, normalEnd, normalise } from '../../functions/urls/normal-form.ts';

describe('normalise', () => {
  it.each([
    ['  https://Example.COM  ', 'https://example.com/'],
    ['http://a.example:80/x#part', 'http://a.example/x'],
    ['https://a.example:8443', 'https://a.example:8443/'],
    ['https://a.example/a/./b/../c', 'https://a.example/a/c'],
    ['https://a.example/Case?Q=1&q=2', 'https://a.example/Case?Q=1&q=2'],
    ['https://bücher.example/ü?ü', 'https://xn--bcher-kva.example/%C3%BC?%C3%BC'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://a.example/?#', 'http://a.example/?'],
    ['http://a.example/#', 'http://a.example/'],
    ['https://user:pw@a.example/', 'https://user:pw@a.example/'],
  ])('makes %s into %s', (raw, normal) => {
    expect(normalise(raw)).toBe(normal);
  });

  it.each([
    '',
    'example.com/page',
    '/page',
    'ftp://a.example/',
    'javascript:alert(1)',
    'http://',
    'https://a b/',
    'file:///etc/passwd',
    'mailto:a@b',
  ])('refuses %j', (raw) => {
    expect(normalise(raw)).toBeUndefined();
  });
});

describe('the advice for what is no URL', () => {
  it.each([
    ['example.com/page', 'has no scheme. Write https://example.com/page'],
    ['//example.com/page', 'has no scheme. Write https://example.com/page'],
    ['localhost:8080/x', 'has no scheme. Write https://localhost:8080/x'],
    ['ftp://a.example/', 'has the scheme ftp:, and only http: and https: are fetched.'],
    ['mailto:a@b.example', 'has the scheme mailto:, and only http: and https: are fetched.'],
    ['hello world', 'is no URL. A URL begins with http:// or https:// and a host.'],
    ['http://', 'is no URL. A URL begins with http:// or https:// and a host.'],
  ])('for %j says that it %s', (raw, advice) => {
    expect(badUrlAdvice(raw)).toBe(advice);
  });
});

describe('the fast look at bytes', () => {
  it.each([
    'https://host-123.example.com/catalogue/item-0001234.html',
    'http://a/',
    "https://en.wikipedia.org/wiki/O'Brien_(name)",
    'https://shop.example/p?id=1&sort=price%20asc&x[]=2',
    'https://9gag.com/%E4%BD%A0',
  ])('takes %s', (url) => {
    expect(normalEnd(Buffer.from(url), 0, url.length)).toBe(url.length);
  });
});
