import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../../infra/local/local-cloud.ts';
import type { Problem } from '../../../infra/local/problem.ts';

/** For `expect.poll`: what is waited for comes in its own time, on a busy machine too. */
export const SOON = { timeout: 60_000 };

export const testHandlers = {
  enqueue: new URL('handlers/enqueue.ts', import.meta.url),
  scrape: new URL('handlers/scrape.ts', import.meta.url),
  report: new URL('handlers/report.ts', import.meta.url),
};

/** A directory that goes with the test. */
export function tempDir(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'urldrop-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestCloud extends LocalCloud, AsyncDisposable {
  readonly problems: readonly Problem[];
  /** The JSON object at a key, as soon as it is there. */
  wait<T>(key: string): Promise<T>;
}

/** A local cloud with the small handlers of these tests. */
export async function testCloud(options: Partial<LocalCloudOptions> = {}): Promise<TestCloud> {
  const problems: Problem[] = [];
  const cloud = await startLocalCloud({ workers: 1, handlers: testHandlers, onProblem: (p) => problems.push(p), ...options });
  let stopped: Promise<void> | undefined;
  const stop = (graceMs: number) => (stopped ??= cloud.stop(graceMs));
  return {
    ...cloud,
    problems,
    stop,
    async wait<T>(key: string) {
      // Looks again and again for what must come; only the test's own time limit ends it.
      for (;;) {
        const value = await cloud.objects.getJson<T>(key);
        if (value !== undefined) return value;
        await sleep(10);
      }
    },
    [Symbol.asyncDispose]: () => stop(0),
  };
}
