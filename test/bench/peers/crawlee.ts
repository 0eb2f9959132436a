/**
 * The job with Crawlee's CheerioCrawler: `node crawlee.ts --from FOLDER [--concurrency 64] URLS OUT`, where FOLDER holds a `node_modules`
 * with `@crawlee/cheerio`. Tuned: all of the concurrency from the start, no sessions, nothing on disk, no log.
 */
import type { CheerioAPI } from 'cheerio/slim';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { overviewOf } from './tree-overview.ts';

/** As much of `@crawlee/cheerio` 3 as is used here: it is no dependency of the project. */
interface Crawlee {
  readonly CheerioCrawler: new (options: object, configuration: unknown) => { run(urls: readonly string[]): Promise<unknown> };
  readonly Configuration: new (options: object) => unknown;
  readonly log: { setLevel(level: number): void };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string', default: '.' }, concurrency: { type: 'string', default: '64' } },
});
const [urlFile = '', outFile = ''] = positionals;
const crawlee = createRequire(join(resolve(values.from), 'package.json'))('@crawlee/cheerio') as Crawlee;
crawlee.log.setLevel(0);
const out = createWriteStream(outFile);
const concurrency = Number(values.concurrency);
const crawler = new crawlee.CheerioCrawler(
  {
    minConcurrency: concurrency,
    maxConcurrency: concurrency,
    useSessionPool: false,
    maxRequestRetries: 2,
    navigationTimeoutSecs: 60,
    autoscaledPoolOptions: { desiredConcurrency: concurrency, autoscaleIntervalSecs: 1_000, maybeRunIntervalSecs: 0.05 },
    statisticsOptions: { logIntervalSecs: 10_000 },
    requestHandler({ $, request, response }: { $: CheerioAPI; request: { url: string }; response: { statusCode: number } }) {
      out.write(`${JSON.stringify({ url: request.url, status: response.statusCode, ...overviewOf($, request.url) })}\n`);
    },
  },
  new crawlee.Configuration({ persistStorage: false, availableMemoryRatio: 0.9, systemInfoV2: false }),
);
await crawler.run(readFileSync(urlFile, 'utf8').split('\n').filter(Boolean));
out.end();
await once(out, 'finish');
