import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';

const BIN = join(import.meta.dirname, '../../../infra/cli/bin.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error or output has said this. */
  said(pattern: RegExp): Promise<void>;
}

export interface CommandOptions {
  readonly stdin?: string;
  /** Path of the Node to run it with. */
  readonly node?: string;
  /** Variables beside those that a shell has. */
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the project's own: that of a copy. */
  readonly bin?: string;
}

/** Starts the command as a user would, in a directory of the test's own. */
export function start(cwd: string, args: readonly string[], options: CommandOptions = {}): Command {
  // Without npm's variables, so that messages do not depend on how the tests were started.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|AWS_|URLDROP_|NODE_OPTIONS|VITEST)/.test(name)));
  const child = spawn(options.node ?? process.execPath, [options.bin ?? BIN, ...args], { cwd, env: { ...env, ...options.env } });
  child.stdin.end(options.stdin ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended: Promise<Ended> = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(stdout) || pattern.test(stderr)) resolve();
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        void ended.then(() => reject(new Error(`It ended without saying ${String(pattern)}: ${stdout}${stderr}`)));
        look();
      }),
  };
}

export function urldrop(cwd: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return start(cwd, args, options).ended;
}

export interface Site extends AsyncDisposable {
  readonly url: string;
  /** Path of every request, in order of arrival. */
  readonly log: string[];
  /** Resolves when so many requests have come. */
  requested(count: number): Promise<void>;
  /** While closed, requests wait; opening answers them. */
  gate(open: boolean): void;
  /** From now on `/gone…` is a page like the others. */
  mend(): void;
}

/** Any number of pages, `/1`, `/2` …, each with its own title; `/gone…` is 404; robots.txt allows all. */
export async function startSite(): Promise<Site> {
  const log: string[] = [];
  const watchers = new Set<() => void>();
  let isMended = false;
  let waiting: (() => void)[] | undefined;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path !== '/robots.txt') {
      log.push(path);
      for (const watch of watchers) watch();
    }
    const answer = () => {
      if (path === '/robots.txt' || (path.startsWith('/gone') && !isMended)) {
        response.writeHead(404, { 'content-type': 'text/plain' }).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(`<!doctype html><title>Page ${path.slice(1)}</title><h1>${path}</h1>`);
    };
    if (waiting && path !== '/robots.txt') waiting.push(answer);
    else answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    requested: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (log.length < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    gate(open) {
      const held = waiting ?? [];
      waiting = open ? undefined : held;
      if (open) for (const answer of held) answer();
    },
    mend() {
      isMended = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** So many URLs of a site as a file's text. */
export function urlList(site: Site, count: number): string {
  return Array.from({ length: count }, (_, i) => `${site.url}/${i + 1}\n`).join('');
}
