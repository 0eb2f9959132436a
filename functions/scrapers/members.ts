import type { CheerioAPI } from 'cheerio/slim';
import { defineScraper } from '../scraper/define-scraper.ts';

/**
 * An example behind a login: the form with its hidden token, the session's cookie kept for the whole job, shelves of documents and their
 * files, which only members may have. Put the site that you mean into `start`; name and password are the function's environment.
 */
export default defineScraper({
  name: 'members',
  start: 'https://members.example/login',
  request: { cookies: 'keep' },
  pages: {
    login: {
      *parse({ $, follow }) {
        const form = $('form#login');
        // The form as a browser would send it: hidden fields belong to this visit.
        const fields = new URLSearchParams();
        for (const { name, value } of form.serializeArray()) fields.append(name, value);
        fields.set('user', environment('MEMBERS_USER'));
        fields.set('password', environment('MEMBERS_PASSWORD'));
        yield follow(form, 'home', { body: fields });
      },
    },
    home: {
      *parse({ $, follow }) {
        checkSession($);
        yield follow.all('nav.shelves a', 'shelf');
      },
    },
    shelf: {
      *parse({ $, follow }) {
        checkSession($);
        yield follow.all('.document a', 'document');
        yield follow.next();
      },
    },
    document: {
      extract: {
        // The login form has none: an error, not an item without fields.
        title: { selector: '.document h1', required: true },
        author: '.document .author',
        issued: { selector: '.document time', attr: 'datetime', as: 'date' },
        file: { selector: '.document a.file', value: 'href', as: 'file' },
      },
    },
  },
});

/** Without a session the site shows its login again, with status 200: a page that leads on to nothing would look like a success. */
function checkSession($: CheerioAPI): void {
  const form = $('form#login');
  if (form.length > 0) throw new Error(`The site wants a login: ${form.find('.error').text()}`);
}

/** Read when it is wanted: every other scraper works without. */
function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`The environment has no ${name}: set it for the scrape function.`);
  return value;
}
