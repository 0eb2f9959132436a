import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startWeb, type Web } from '../helpers/web.ts';

/** A document of the replica. */
export interface Paper {
  readonly id: number;
  readonly shelf: string;
  readonly title: string;
  readonly author: string;
  readonly issued: string;
}

export const USER = 'noor@quay.example';
export const PASSWORD = 'a&b=c d+ü';
const SHELVES = ['minutes', 'plans', 'accounts'];
const PAPERS_PER_SHELF = 7;
const PAPERS_PER_PAGE = 3;

/** The whole archive, the same on every run. */
export const papers: readonly Paper[] = SHELVES.flatMap((shelf, s) =>
  Array.from({ length: PAPERS_PER_SHELF }, (_, i) => ({
    id: 100 * (s + 1) + i,
    shelf,
    title: `On ${shelf}, no. ${i + 1}`,
    author: `Clerk ${1 + ((s + i) % 3)}`,
    issued: `2023-0${1 + i}-1${s}`,
  })),
);

/** The file of a document: nothing that is text. */
export function paperBytes(paper: Paper): Buffer {
  const block = createHash('sha512').update(paper.title).digest();
  return Buffer.concat([Buffer.from('%PDF-1.7\n%\xe2\xe3\n', 'latin1'), ...Array.from({ length: 100 + paper.id }, () => block)]);
}

export interface MembersSite extends Web {
  /** Logins that were let in. */
  readonly logins: () => number;
  /** Visits without a session to what wants one. */
  readonly refusals: () => number;
  /** Ends all sessions, as a site does at night. */
  readonly endSessions: () => void;
}

/**
 * An archive for members as many are built: the login form holds a token that belongs to the visit, the session gets a new id with the login
 * (so that nobody can plant one), every page offers to log out by a mere link, and without a session there is the form again, with status
 * 200. Files answer 403 instead.
 */
export async function startMembersSite(): Promise<MembersSite> {
  const visits = new Map<string, string>();
  const sessions = new Set<string>();
  let logins = 0;
  let refusals = 0;

  const form = (response: ServerResponse, error = '') => {
    const visit = randomBytes(8).toString('hex');
    const token = randomBytes(8).toString('hex');
    visits.set(visit, token);
    response.setHeader('set-cookie', [`visit=${visit}; Path=/; HttpOnly; SameSite=Lax`, 'theme=light; Max-Age=31536000']);
    page(
      response,
      `<form id="login" method="post" action="/session"><input type="hidden" name="token" value="${token}">
${error && `<p class="error">${error}</p>`}<input name="user" type="email"><input name="password" type="password"><input type="submit" name="go" value="Log in"></form>`,
    );
  };

  const login = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fields = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const visit = cookie(request, 'visit');
    const isOwnForm = request.headers['content-type'] === 'application/x-www-form-urlencoded' && visits.get(visit) === fields.get('token');
    if (request.method !== 'POST' || !isOwnForm) return void response.writeHead(403).end();
    visits.delete(visit);
    if (fields.get('user') !== USER || fields.get('password') !== PASSWORD) return form(response, 'Name or password is wrong.');
    const session = randomBytes(8).toString('hex');
    sessions.add(session);
    logins++;
    response.setHeader('set-cookie', [`session=${session}; Path=/; HttpOnly`, 'visit=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    response.writeHead(303, { location: '/home' }).end();
  };

  const inside = (path: string, request: IncomingMessage, response: ServerResponse) => {
    const session = cookie(request, 'session');
    if (!sessions.has(session)) {
      refusals++;
      return path.startsWith('/files/') ? void response.writeHead(403).end() : form(response, 'Please log in.');
    }
    const url = new URL(path, 'http://members');
    const paper = papers.find((one) => url.pathname.endsWith(`/${one.id}`));
    if (url.pathname === '/logout') {
      sessions.delete(session);
      page(response, '<p>Goodbye.</p>');
    } else if (url.pathname === '/home') {
      page(response, `<nav class="shelves">${SHELVES.map((shelf) => `<a href="/shelves/${shelf}">${shelf}</a>`).join(' ')}</nav>`);
    } else if (url.pathname.startsWith('/shelves/')) {
      page(response, shelfPage(url.pathname.slice(9), Number(url.searchParams.get('page') ?? 1)));
    } else if (paper && url.pathname.startsWith('/papers/')) {
      page(
        response,
        `<div class="document"><h1>${paper.title}</h1><p class="author">${paper.author}</p><time datetime="${paper.issued}">then</time>
<a class="file" href="/files/${paper.id}">PDF</a></div>`,
      );
    } else if (paper) response.writeHead(200, { 'content-type': 'application/pdf' }).end(paperBytes(paper));
    else response.writeHead(404).end();
  };

  const web = await startWeb((path) => {
    if (path === '/robots.txt') return undefined;
    if (path === '/login') return (_, response) => form(response);
    if (path === '/session') return (request, response) => void login(request, response);
    return (request, response) => inside(path, request, response);
  });
  return Object.assign(web, { logins: () => logins, refusals: () => refusals, endSessions: () => sessions.clear() });
}

function shelfPage(shelf: string, number: number): string {
  const all = papers.filter((paper) => paper.shelf === shelf);
  const shown = all.slice((number - 1) * PAPERS_PER_PAGE, number * PAPERS_PER_PAGE);
  const links = shown.map((paper) => `<li class="document"><a href="/papers/${paper.id}">${paper.title}</a></li>`).join('\n');
  return `<ul>${links}</ul>${number * PAPERS_PER_PAGE < all.length ? `<a rel="next" href="?page=${number + 1}">more</a>` : ''}`;
}

function page(response: ServerResponse, body: string): void {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(
    `<!DOCTYPE html><html><head><title>Archive</title></head><body>${body}<footer><a href="/logout">Log out</a></footer></body></html>`,
  );
}

function cookie(request: IncomingMessage, name: string): string {
  return new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1] ?? '';
}
