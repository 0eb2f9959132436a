import { resultsPrefix } from '../../functions/job/keys.ts';
import type { Json } from '../../functions/job/request.ts';
import type { ResultLine } from '../../functions/job/result.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { optionTable } from '../../functions/options.ts';
import { numberText } from '../../functions/job/number-text.ts';
import { startShop } from '../local/sample-shop.ts';
import { CommandFailure } from './command-failure.ts';
import type { DemoFlags } from './demo-command.ts';
import { exitCodes } from './exit-codes.ts';
import { followJob } from './follow-job.ts';
import { Interrupted } from './interrupt.ts';
import { invokedAs } from './invoked-as.ts';
import { withLocalCloud, type LocalSession } from './local-session.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import { linesUnder, splitLines } from './result-lines.ts';
import { newJobId, submitJob } from './submit-job.ts';
import { summaryText } from './summary-text.ts';
import { table } from './table.ts';

const SCRAPER = 'shop';
const SHOWN_ITEMS = 12;

/** `urldrop demo`: the whole way from a dropped URL to items, on a web site that comes along. */
export async function demo(flags: DemoFlags): Promise<number> {
  const progress = new Progress(process.stderr, () => performance.now());
  const shop = await startShop();
  const job = newJobId(SCRAPER);
  progress.say(`A sample shop is open at ${shop.url}/ and is scraped with functions/scrapers/${SCRAPER}.ts …`);
  const cloudOptions = {
    job,
    dataDir: flags.dataDir,
    ...(flags.workers !== undefined && { workers: flags.workers }),
    // The shop and nothing else of this machine's networks.
    functionOptions: { [optionTable.allowedNetworks.env]: '127.0.0.1/32' },
  };
  try {
    return await withLocalCloud(
      cloudOptions,
      (line) => progress.say(line),
      async ({ cloud, bell, signal }) => {
        const input = { kind: 'urls', urls: [`${shop.url}/books/page-1.html`] } as const;
        await submitJob(cloud.objects, { job, scraper: SCRAPER, input, options: {} });
        const summary = await followJob(cloud.objects, job, 1, bell, (s) => progress.show(s), signal);
        progress.clear();
        await show(cloud, summary, flags.dataDir);
        if (summary.items > 0) return exitCodes.done;
        throw new CommandFailure(`The demo brought no items. What the functions logged is in ${cloud.logFile}.`);
      },
    );
  } catch (error) {
    progress.clear();
    if (!(error instanceof Interrupted)) throw error;
    return exitCodes.failed;
  } finally {
    await shop.close();
  }
}

async function show(cloud: LocalSession['cloud'], summary: Summary, dataDir: string): Promise<void> {
  const items: Json[] = [];
  for await (const line of splitLines(linesUnder(cloud.objects, resultsPrefix(summary)))) {
    items.push((JSON.parse(line) as ResultLine).item);
    if (items.length >= SHOWN_ITEMS) break;
  }
  const more = summary.items - items.length;
  const command = invokedAs();
  process.stdout.write(`
${summaryText(summary).split('\n').map(printable).join('\n')}

${items.length > 0 ? table(items, process.stdout.columns ?? 100) : ''}
${more > 0 ? `… and ${numberText(more)} more` : ''}

Where it lies
  ${dataDir}, the queues and the bucket of this machine's cloud; in the bucket:
  ${resultsPrefix(summary)}
  jobs/${summary.id}/summary.json, report.html

What to type next
  ${command} export ${summary.id} --out books.csv
  ${command} status ${summary.id} --html report.html
  ${command} run https://example.com
  ${command} run urls.txt --out pages.jsonl
  ${command} --help
`);
}
