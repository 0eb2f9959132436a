import { html } from '../helpers/scrapers.ts';
import { startWeb, type Page, type Web } from '../helpers/web.ts';

/** What a finished job over the sites must have written: a result line for each of these URLs … */
export interface Expected {
  readonly input: string;
  readonly results: readonly string[];
  /** … and an error line for each of these, with its code. */
  readonly errors: Readonly<Record<string, string>>;
}

/**
 * Three hosts that hold what a crawl meets: a listing, details, links across hosts and back, a redirect to another host, a page
 * that fails once, one that asks for a pause, one that is gone, one that breaks the scraper, one that robots.txt forbids.
 */
export class Sites implements AsyncDisposable {
  readonly #webs: readonly Web[];
  readonly expected: Expected;
  readonly #failed: Set<string>;

  private constructor(webs: readonly Web[], expected: Expected, failed: Set<string>) {
    this.#webs = webs;
    this.expected = expected;
    this.#failed = failed;
  }

  /** Two hosts, a link across and a redirect back: few enough calls to strike at each of them in turn. */
  static async startSmall(): Promise<Sites> {
    const pages: Record<string, Page>[] = [{}, {}];
    const webs = await Promise.all(pages.map((p, i) => startWeb(p, `127.0.0.${i + 1}`)));
    const [a = '', b = ''] = webs.map((w) => w.url);
    Object.assign(pages[0] ?? {}, {
      '/list': html('List', `${b}/moved`, '/throws'),
      '/throws': html('throw'),
      '/target': html('Target', '/list'),
    });
    Object.assign(pages[1] ?? {}, { '/moved': redirectTo(`${a}/target`) });
    const expected: Expected = {
      input: `${a}/list\nnot a url\n`,
      results: [`${a}/list`, `${b}/moved`].toSorted(),
      errors: { 'not a url': 'bad-url', [`${a}/throws`]: 'parse' },
    };
    return new Sites(webs, expected, new Set());
  }

  static async start(): Promise<Sites> {
    const failed = new Set<string>();
    /** Fails once per run, the given way, then answers. */
    const once =
      (key: string, fail: Exclude<Page, string>, then: string): Page =>
      (request, response) => {
        if (failed.has(key)) response.setHeader('content-type', 'text/html').end(then);
        else {
          failed.add(key);
          fail(request, response);
        }
      };
    const pages: Record<string, Page>[] = [{}, {}, {}];
    const webs = await Promise.all(pages.map((p, i) => startWeb(p, `127.0.0.${i + 1}`)));
    const [a = '', b = '', c = ''] = webs.map((w) => w.url);
    Object.assign(pages[0] ?? {}, {
      '/list': html('List', '/1', '/2', `${b}/1`, `${b}/moved`, `${c}/1`, `${c}/throws`),
      '/1': html('A1', '/list', '/2', `${b}/2`),
      '/2': html('A2', '/1', `${c}/gone`),
    });
    Object.assign(pages[1] ?? {}, {
      '/1': html('B1', `${a}/list`, '/flaky'),
      '/2': html('B2', '/1', '/1'),
      '/moved': redirectTo(`${c}/target`),
      '/flaky': once('flaky', (_, response) => response.writeHead(500).end(), html('Flaky', `${c}/busy`)),
    });
    Object.assign(pages[2] ?? {}, {
      '/robots.txt': 'User-agent: *\nDisallow: /private\n',
      '/1': html('C1', '/private', `${a}/1`),
      '/target': html('Target', `${b}/2`),
      '/throws': html('throw'),
      '/busy': once('busy', (_, response) => response.writeHead(429, { 'retry-after': '1' }).end(), html('Busy', '/1')),
      '/private': html('Private'),
    });
    const expected: Expected = {
      input: `# the listing, twice\n${a}/list\n${a}/list\n\n${b}/1\nnot a url\n`,
      results: [`${a}/list`, `${a}/1`, `${a}/2`, `${b}/1`, `${b}/2`, `${b}/moved`, `${b}/flaky`, `${c}/1`, `${c}/busy`].toSorted(),
      errors: { 'not a url': 'bad-url', [`${c}/throws`]: 'parse', [`${c}/gone`]: 'http-404', [`${c}/private`]: 'robots' },
    };
    return new Sites(webs, expected, failed);
  }

  /** Pages that fail once fail again. */
  reset(): void {
    this.#failed.clear();
    for (const web of this.#webs) web.log.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#webs.map((web) => web[Symbol.asyncDispose]()));
  }
}

function redirectTo(location: string): Page {
  return (_, response) => response.writeHead(302, { location }).end();
}
