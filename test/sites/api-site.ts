import type { IncomingMessage, ServerResponse } from 'node:http';
import { startWeb, type Web } from '../helpers/web.ts';

export const QUOTES = 57;
export const quotes = Array.from({ length: QUOTES }, (_, i) => ({
  id: i + 1,
  text: `Saying no. ${i + 1}`,
  author: `Author ${1 + (i % 5)}`,
}));

/** A JSON API: `GET /quotes?page=N` pages through all, `POST /search` wants a JSON body and pages by a cursor. */
export function startApiSite(): Promise<Web> {
  return startWeb((path) => {
    const url = new URL(path, 'http://api');
    if (url.pathname === '/quotes') return (_, response) => list(url, response);
    if (url.pathname === '/search') return (request, response) => void search(request, response);
    return undefined;
  });
}

function list(url: URL, response: ServerResponse): void {
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = 20;
  json(response, 200, { page, pages: Math.ceil(QUOTES / size), quotes: quotes.slice((page - 1) * size, page * size) });
}

async function search(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json')
    return json(response, 415, { error: 'POST JSON' });
  const { author, cursor = 0 } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { author: string; cursor?: number };
  const found = quotes.filter((quote) => quote.author === author);
  const next = cursor + 4 < found.length ? cursor + 4 : null;
  json(response, 200, { results: found.slice(cursor, cursor + 4), next });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
