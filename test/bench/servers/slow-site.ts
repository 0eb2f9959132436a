import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Site } from '../harness/nginx.ts';

export interface SlowSiteOptions {
  /** From a request to its answer, ms. */
  readonly delayMs: number;
  /** Absent: a small page under every path. */
  readonly pages?: readonly { readonly path: string; readonly file: string }[];
}

/** Starts the server that answers late, in a process of its own. */
export async function startSlowSite(options: SlowSiteOptions): Promise<Site> {
  const server = fork(join(import.meta.dirname, 'slow-server.ts'));
  server.send(options);
  const [port] = (await once(server, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    name: `a server over bare sockets that answers after ${options.delayMs} ms`,
    async [Symbol.asyncDispose]() {
      server.disconnect();
      await once(server, 'exit');
    },
  };
}
