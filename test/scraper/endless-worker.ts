import { parentPort } from 'node:worker_threads';
import { RequestError } from '../../functions/job/errors.ts';
import { defineScraper } from '../../functions/scraper/define-scraper.ts';
import type { ParseContext } from '../../functions/scraper/definition.ts';
import { pageOf } from './page-of.ts';

/** A thread such as functions run in on this machine: runs hostile scrapers one after another and tells how each ended. */
const hostile: readonly ((context: ParseContext<'page'>) => Iterable<unknown> | AsyncIterable<unknown>)[] = [
  function* () {
    for (let n = 1; ; n++) if (n < 0) yield n;
  },
  async function* () {
    yield await new Promise(() => undefined);
  },
  async function* ({ inTime }) {
    await Promise.resolve();
    yield inTime(() => {
      for (;;);
    });
  },
  function* ({ text }) {
    for (;;) yield { again: text() };
  },
  function* ({ $ }) {
    yield { title: $('title').text() };
  },
];
const ends: string[] = [];
for (const parse of hostile) {
  const scraper = defineScraper({ name: 'test', limits: { parseTime: 50, maxItemChars: 1_000_000 }, pages: { page: { parse } } });
  try {
    const { items } = await scraper.run({ url: 'https://a.example/' }, pageOf(`<title>${'x'.repeat(1_000)}</title>`));
    ends.push(`${items.length} items`);
  } catch (error) {
    ends.push(error instanceof RequestError ? `${error.code}: ${error.message}` : String(error));
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
parentPort?.postMessage(ends);
