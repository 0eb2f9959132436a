import { html } from '../helpers/scrapers.ts';
import { startWeb, type Page, type Web } from '../helpers/web.ts';

/** Ways in which a page ends the function that runs it. */
export const killers = ['memory', 'loop', 'exit'] as const;
export type Killer = (typeof killers)[number];

/** What a finished job over the sites must have written: a result line for each of these URLs … */
export interface Expected {
  readonly input: string;
  readonly results: readonly string[];
  /** … and an error line for each of these, with its code. */
  readonly errors: Readonly<Record<string, string>>;
}

/** What a page of the sites is: a text, the same for each fetch, or a way of answering. */
interface Ground {
  readonly pages: Record<string, Page>[];
  /** Origins, `http://host:port`. */
  readonly origins: readonly [string, string, string];
}

/** Two or three hosts on loopback, and what a job over them must come to. */
export class Sites implements AsyncDisposable {
  readonly #webs: readonly Web[];
  readonly #ground: Ground;
  readonly #build: (sites: Sites) => Expected;
  /** Pages that have failed in this run, where they do so once. */
  readonly #failed = new Set<string>();
  #isMended = false;
  killer: Killer | undefined;
  /** Called when a page is fetched that loops without end. */
  onLoop: () => void = () => {};
  #expected: Expected;

  private constructor(webs: readonly Web[], ground: Ground, build: (sites: Sites) => Expected) {
    this.#webs = webs;
    this.#ground = ground;
    this.#build = build;
    this.#expected = build(this);
  }

  /** Few enough calls to strike at each of them in turn: a link across, a redirect back, a file, a page that throws, rules on another host. */
  static startSmall(): Promise<Sites> {
    return Sites.#start((sites) => sites.#small());
  }

  /** All that a crawl meets. */
  static start(): Promise<Sites> {
    return Sites.#start((sites) => sites.#large());
  }

  static async #start(build: (sites: Sites) => Expected): Promise<Sites> {
    const pages: Record<string, Page>[] = [{}, {}, {}];
    const webs = await Promise.all(pages.map((p, i) => startWeb((path) => p[path], `127.0.0.${i + 1}`)));
    const [a = '', b = '', c = ''] = webs.map((w) => w.url);
    return new Sites(webs, { pages, origins: [a, b, c] }, build);
  }

  get expected(): Expected {
    return this.#expected;
  }

  /** For a run of its own: pages that fail once fail again, what was mended is broken. */
  reset(killer?: Killer): void {
    this.#failed.clear();
    this.#isMended = false;
    this.killer = killer;
    for (const web of this.#webs) web.log.length = 0;
    this.#rebuild();
  }

  /** What was gone is there, and what threw does so no more. */
  mend(): void {
    this.#isMended = true;
    this.#rebuild();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#webs.map((web) => web[Symbol.asyncDispose]()));
  }

  #rebuild(): void {
    for (const pages of this.#ground.pages) for (const path of Object.keys(pages)) delete pages[path];
    this.#expected = this.#build(this);
  }

  #small(): Expected {
    const [a, b] = this.#ground.origins;
    const [siteA = {}, siteB = {}] = this.#ground.pages;
    Object.assign(siteA, {
      '/list': html('List', `${b}/moved`, '/throws'),
      '/throws': this.#isMended ? html('Mended', '/list') : html('throw'),
      '/target': withFile(html('Target', '/list'), `${b}/file`),
    });
    Object.assign(siteA, { '/rules.txt': 'User-agent: *\nDisallow: /private\n' });
    Object.assign(siteB, { '/robots.txt': redirectTo(`${a}/rules.txt`), '/moved': redirectTo(`${a}/target`), '/file': file('small') });
    const mended = this.#isMended ? [`${a}/throws`] : [];
    return {
      input: `${a}/list\nnot a url\n`,
      results: [`${a}/list`, `${b}/moved`, `${b}/file`, ...mended].toSorted(),
      errors: { 'not a url': 'bad-url', ...(!this.#isMended && { [`${a}/throws`]: 'parse' }) },
    };
  }

  /**
   * A listing on three hosts, details, links across hosts and back, redirects on a host and between hosts, files, one of them behind a
   * redirect and one that fails, a page that fails once, one that asks for a pause, one that is gone, one that breaks the scraper, one
   * that robots.txt forbids, a robots.txt that lies on another host, and, where wanted, a page that kills its function.
   */
  #large(): Expected {
    const [a, b, c] = this.#ground.origins;
    const [siteA = {}, siteB = {}, siteC = {}] = this.#ground.pages;
    const { killer } = this;
    Object.assign(siteA, {
      '/list': html('List', '/1', '/2', '/here', `${b}/1`, `${b}/moved`, `${c}/1`, `${c}/throws`),
      '/1': withFile(html('A1', '/list', '/2', `${b}/2`), `${b}/file`, `${b}/flaky-file`),
      '/2': html('A2', '/1', `${c}/gone`),
      '/here': redirectTo('/there'),
      '/there': html('There', '/1'),
      '/moved-file': redirectTo(`${b}/file`),
    });
    Object.assign(siteB, {
      '/robots.txt': redirectTo(`${c}/rules.txt`),
      '/1': html('B1', `${a}/list`, '/flaky', ...(killer ? [`${c}/killer`] : [])),
      '/2': withFile(html('B2', '/1', '/1'), `${a}/moved-file`, `${c}/lost-file`),
      '/moved': redirectTo(`${c}/target`),
      '/flaky': this.#once('flaky', (_, response) => response.writeHead(500).end(), html('Flaky', `${c}/busy`)),
      '/file': file('a file'),
      '/flaky-file': this.#once('flaky-file', (_, response) => response.writeHead(502).end(), file('a flaky file')),
    });
    Object.assign(siteC, {
      '/robots.txt': 'User-agent: *\nDisallow: /private\n',
      '/rules.txt': 'User-agent: *\nAllow: /\n',
      '/1': html('C1', '/private', `${a}/1`),
      '/target': html('Target', `${b}/2`),
      '/throws': this.#isMended ? html('Mended', '/2', '/1') : html('throw'),
      '/2': html('C2'),
      '/busy': this.#once('busy', (_, response) => response.writeHead(429, { 'retry-after': '1' }).end(), html('Busy', '/1')),
      '/private': html('Private'),
      '/killer': (_, response) => {
        if (killer === 'loop') this.onLoop();
        response.setHeader('content-type', 'text/html').end(html(killer ?? 'nothing'));
      },
      ...(this.#isMended && { '/gone': html('Back', `${a}/list`), '/lost-file': file('found') }),
    } satisfies Record<string, Page>);
    const mended = [`${c}/throws`, `${c}/2`, `${c}/gone`, `${c}/lost-file`];
    const broken = { [`${c}/throws`]: 'parse', [`${c}/gone`]: 'http-404', [`${c}/lost-file`]: 'http-404' };
    return {
      input: `# the listing, twice\n${a}/list\n${a}/list\n\n${b}/1\nnot a url\n`,
      results: [
        ...['list', '1', '2', 'here', 'moved-file'].map((path) => `${a}/${path}`),
        ...['1', '2', 'moved', 'flaky', 'file', 'flaky-file'].map((path) => `${b}/${path}`),
        ...['1', 'busy'].map((path) => `${c}/${path}`),
        ...(this.#isMended ? mended : []),
      ].toSorted(),
      errors: {
        'not a url': 'bad-url',
        [`${c}/private`]: 'robots',
        ...(!this.#isMended && broken),
        ...(killer && { [`${c}/killer`]: 'crash' }),
      },
    };
  }

  /** Fails once per run, the given way, then answers. */
  #once(key: string, fail: Exclude<Page, string>, then: Page): Page {
    return (request, response) => {
      if (!this.#failed.has(key)) {
        this.#failed.add(key);
        fail(request, response);
      } else if (typeof then === 'function') then(request, response);
      else response.setHeader('content-type', 'text/html').end(then);
    };
  }
}

function redirectTo(location: string): Page {
  return (_, response) => response.writeHead(302, { location }).end();
}

function file(content: string): Page {
  return (_, response) => response.setHeader('content-type', 'application/octet-stream').end(content);
}

/** A page with pictures in it. */
function withFile(page: string, ...urls: readonly string[]): string {
  return page + urls.map((url) => `<img src="${url}">`).join('');
}
