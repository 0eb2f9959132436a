import { InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { parseProxies } from '../../functions/fetch/proxies.ts';
import { optionTable } from '../../functions/options.ts';
import { scraperOptions } from '../../functions/scraper/scraper-options.ts';
import { DEFAULT_DATA_DIR } from '../local/data-dir.ts';

/** Reads a whole number within bounds; commander names the option, the message says what was expected and seen. */
export function wholeNumber(min: number, max: number, unit: string): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`It must be a whole number (${unit}) from ${min} to ${max}.`);
    return value;
  };
}

export function dollars(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0)) throw new InvalidArgumentError('It must be an amount in dollars above 0, such as 5 or 0.50.');
  return value;
}

type NumberOption = { readonly kind: 'number'; readonly unit: string; readonly min: number; readonly max: number };

function numberOption(flags: string, text: string, option: NumberOption): Option {
  return new Option(flags, text).argParser(wholeNumber(option.min, option.max, option.unit));
}

const { politeness, request, follow } = scraperOptions;

/** What a run may set otherwise than its scraper; bounds as for a scraper's own. */
export function jobOptions(): Option[] {
  return [
    numberOption('--concurrency <n>', 'requests in flight per host', politeness.concurrency),
    numberOption('--delay <ms>', 'pause between two requests to one host', politeness.delay),
    numberOption('--timeout <ms>', 'time for one page, redirects included', request.timeout),
    numberOption('--retries <n>', 'further attempts after a failure that may pass', request.retries),
    numberOption('--give-up-after <ms>', 'time for all attempts of one request, pauses of the host left out', request.giveUpAfter),
    numberOption('--max-bytes <n>', 'largest page taken', request.maxBytes),
    numberOption('--max-depth <n>', 'links followed from the input to a page', follow.maxDepth),
    new Option('--max-requests <n>', 'requests of the whole job').argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER, 'requests')),
    new Option('--budget <dollars>', 'cancel the job when what it would cost on AWS reaches this').argParser(dollars),
    new Option('--robots <rule>', 'whether robots.txt decides').choices(politeness.robots.choices),
  ];
}

export function scraperOption(): Option {
  return new Option('--scraper <name>', 'which scraper (default: page)');
}

export function recipeOption(): Option {
  return new Option('--recipe <file>', 'a scraper as data, in a file of JSON or YAML').conflicts(['scraper', 'resume']);
}

export function allowPrivateOption(): Option {
  return new Option('--allow-private', 'also fetch from private and loopback addresses: your own servers');
}

export function proxiesOption(): Option {
  return new Option('--proxies <file>', 'fetch through the proxies in this file, one a line, in turn').argParser(proxiesIn);
}

/** Not their addresses as arguments: passwords would show in the list of processes and the shell's history. */
function proxiesIn(file: string): ProxiesFlag {
  try {
    const list = readFileSync(file, 'utf8').replaceAll(/^\s*#.*$/gm, '');
    if (parseProxies(list).length === 0) throw new Error('it names none');
    return { file, list };
  } catch (error) {
    throw new InvalidArgumentError(`${file} is no list of proxies: ${(error as Error).message}`);
  }
}

/** What `--proxies` gives. */
export interface ProxiesFlag {
  readonly file: string;
  readonly list: string;
}

export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where queues, objects and results of the local cloud are kept').default(DEFAULT_DATA_DIR);
}

export function workersOption(): Option {
  return new Option('--workers <n>', 'worker threads (default: one per core)').argParser(wholeNumber(1, 256, 'threads'));
}

export function portOption(): Option {
  return new Option('--port <port>', 'port of the embedded SQS and S3 (default: a free one)').argParser(wholeNumber(1, 65_535, 'port'));
}

/** Options of the functions that flags of the command stand for. */
export function functionOptionsOf(flags: { allowPrivate?: true | undefined; proxies?: ProxiesFlag | undefined }): Record<string, string> {
  return {
    ...(flags.allowPrivate && { [optionTable.allowedNetworks.env]: '*' }),
    ...(flags.proxies && { [optionTable.proxies.env]: flags.proxies.list }),
  };
}
