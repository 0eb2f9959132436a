import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from './machine.ts';
import type { Program } from './run-program.ts';

/** What a comparison asks of each program. */
export interface Task {
  readonly urlFile: string;
  readonly concurrency: number;
  /** Where the records go. */
  readonly out: string;
  /** Empty, and the run's own. */
  readonly folder: string;
}

export interface Entrant {
  readonly name: string;
  readonly kind: 'urldrop' | 'limit' | 'peer';
  /** Whether its records are overviews; else it only fetches. */
  readonly parses: boolean;
  readonly program: (task: Task) => Program;
}

export interface Peers {
  readonly entrants: readonly Entrant[];
  /** How to have those that are not there. */
  readonly missing: readonly string[];
}

const PYTHON_PEERS = ['scrapy', 'aiohttp'];
const PEERS = join(import.meta.dirname, '../peers');

/** @param checkout - of the project, with the scrapers. */
export function urldrop(checkout: string): Entrant[] {
  const run = (scraper: string) => (task: Task) => ({
    command: process.execPath,
    args: [
      join(checkout, 'infra/cli/bin.js'),
      'run',
      task.urlFile,
      `--scraper=${scraper}`,
      `--concurrency=${task.concurrency}`,
      '--timeout=60000',
      '--allow-private',
      `--data-dir=${join(task.folder, 'data')}`,
      `--out=${task.out}.jsonl`,
    ],
  });
  return [
    { name: 'urldrop, declared fields', kind: 'urldrop', parses: true, program: run('overview') },
    { name: 'urldrop, parse on the tree', kind: 'urldrop', parses: true, program: run('overview-tree') },
  ];
}

/** What undici and a parser can do with nothing around them. */
export function limits(): Entrant[] {
  const client = (...options: readonly string[]) => ({
    kind: 'limit' as const,
    program: ({ concurrency, urlFile, out }: Task) => ({
      command: process.execPath,
      args: [join(PEERS, 'client.ts'), '--concurrency', String(concurrency), ...options, urlFile, out],
    }),
  });
  return [
    { name: 'undici dispatch, no parsing', parses: false, ...client('--parser', 'none') },
    { name: 'undici request, no parsing', parses: false, ...client('--parser', 'none', '--client', 'request') },
    { name: 'undici + tokenizer', parses: true, ...client('--parser', 'tokenizer') },
    { name: 'undici + tokenizer, two processes', parses: true, ...client('--parser', 'tokenizer', '--processes', '2') },
    { name: 'undici + cheerio/slim', parses: true, ...client('--parser', 'cheerio-slim', '--client', 'request') },
    {
      name: 'undici + cheerio/slim, two processes',
      parses: true,
      ...client('--parser', 'cheerio-slim', '--client', 'request', '--processes', '2'),
    },
    { name: 'undici + cheerio (parse5)', parses: true, ...client('--parser', 'cheerio-parse5', '--client', 'request') },
  ];
}

/** @param crawlee - folder whose `node_modules` holds `@crawlee/cheerio`; absent: it is left out. */
export function peers(crawlee: string | undefined): Peers {
  const entrants: Entrant[] = [];
  const missing: string[] = [];
  const python = pythonOf();
  const scrapy = python && moduleVersion(python, 'scrapy');
  if (python === undefined || scrapy === undefined) missing.push('Scrapy: apt-get install python3-scrapy');
  else {
    entrants.push({
      name: `Scrapy ${scrapy}`,
      kind: 'peer',
      parses: true,
      program: ({ concurrency, urlFile, out }) => ({
        command: python,
        args: [join(PEERS, 'scrapy_overview.py'), String(concurrency), urlFile, out],
      }),
    });
  }
  const aiohttp = python && moduleVersion(python, 'aiohttp');
  const lxml = python && moduleVersion(python, 'lxml.etree');
  if (python === undefined || aiohttp === undefined || lxml === undefined)
    missing.push('aiohttp with lxml: apt-get install python3-aiohttp python3-lxml');
  else {
    for (const processes of [1, 2]) {
      entrants.push({
        name: `aiohttp ${aiohttp} + lxml${processes === 2 ? ', two processes' : ''}`,
        kind: 'peer',
        parses: true,
        program: ({ concurrency, urlFile, out }) => ({
          command: python,
          args: [join(PEERS, 'aiohttp_lxml.py'), String(concurrency), String(processes), urlFile, out],
        }),
      });
    }
  }
  const version = crawlee === undefined ? undefined : crawleeVersion(crawlee);
  if (crawlee === undefined || version === undefined)
    missing.push('Crawlee: npm install @crawlee/cheerio in a folder of its own, and --crawlee FOLDER');
  else {
    entrants.push({
      name: `Crawlee ${version} CheerioCrawler`,
      kind: 'peer',
      parses: true,
      program: ({ concurrency, urlFile, out }) => ({
        command: process.execPath,
        args: [join(PEERS, 'crawlee.ts'), '--from', crawlee, '--concurrency', String(concurrency), urlFile, out],
      }),
    });
  }
  return { entrants, missing };
}

/** The Python that has the peers: Debian's, where another stands before it on the path. */
function pythonOf(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((command) => PYTHON_PEERS.some((module) => moduleVersion(command, module) !== undefined));
}

function moduleVersion(python: string, module: string): string | undefined {
  return versionOf(python, ['-c', `import ${module} as m; print(m.__version__)`]);
}

function crawleeVersion(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/@crawlee/cheerio/package.json'), 'utf8')) as { version: string };
    return version;
  } catch {
    return undefined;
  }
}
