import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { keys } from '../../../functions/job/keys.ts';
import type { ErrorLine, ResultLine } from '../../../functions/job/result.ts';
import type { Summary } from '../../../functions/job/summary.ts';
import { LOCAL_BUCKET, startEmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { linesUnder, splitLines } from '../../../infra/cli/result-lines.ts';
import { Random } from '../random.ts';
import type { Heartbeat, Life } from './cloud.ts';
import { addressOf, isMissing, type Shape } from './web.ts';

/**
 * Requests that end, on average, before the whole process is killed, and before a worker thread is: by what is done and not by the clock,
 * so that a slow machine gets on as well. The moment itself is as random as the progress of threads is.
 */
const PROCESS_LIFE = 25_000;
const WORKER_LIFE = 8_000;

/**
 * A job over many virtual hosts on loopback in a local cloud whose threads and whose process are killed at random, held line by line
 * against what the sites have served.
 *
 * @returns how many promises were broken.
 */
export async function runMarathon(requests: number, hosts: number, seed: number): Promise<number> {
  const shape: Shape = { hosts, perHost: Math.round(requests / hosts) };
  const dataDir = mkdtempSync(join(tmpdir(), 'urldrop-marathon-'));
  const site = fork(join(import.meta.dirname, 'site.ts'), [JSON.stringify(shape)]);
  try {
    const [{ port }] = (await once(site, 'message')) as [{ port: number }];
    const startedMs = performance.now();
    const job = `fault-20260101-000000-${seed.toString(16)}`;
    // Every other host is found by links alone.
    const urls = Array.from({ length: Math.ceil(hosts / 2) }, (_, i) => `http://${addressOf(2 * i)}:${port}/list`);
    const { lives, workersKilled } = await live({ dataDir, job, urls, seed, workerLife: WORKER_LIFE });
    const seconds = (performance.now() - startedMs) / 1000;
    site.send('log');
    const [served] = (await once(site, 'message')) as [[string, number][]];
    const { faults, results, errors } = await check(dataDir, job, shape, port, new Map(served));
    const fetches = served.reduce((sum, [, n]) => sum + n, 0);
    for (const fault of faults.slice(0, 20)) console.log(fault);
    console.log(
      `${results} results and ${errors} errors of ${shape.perHost * hosts} requests over ${hosts} hosts in ${seconds.toFixed(0)} s ` +
        `(${Math.round((results + errors) / seconds)} a second); process killed ${lives - 1} times, worker threads ${workersKilled} times; ` +
        `${fetches} fetches served; ${faults.length} broken promises`,
    );
    return faults.length;
  } finally {
    site.disconnect();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Starts the cloud again and again until the job has finished. */
async function live(life: Life): Promise<{ lives: number; workersKilled: number }> {
  const random = new Random(life.seed);
  let workersKilled = 0;
  for (let lives = 1; ; lives++) {
    const child = fork(join(import.meta.dirname, 'cloud.ts'), [JSON.stringify({ ...life, seed: life.seed + lives })]);
    let beat: Heartbeat = { workersKilled: 0, ended: 0, isFinished: false };
    let killAt: number | undefined;
    child.on('message', (message) => {
      beat = message as Heartbeat;
      killAt ??= beat.ended + 2 * random.next() * PROCESS_LIFE;
      if (beat.ended >= killAt && !beat.isFinished) child.kill('SIGKILL');
    });
    const [code] = await ended(child);
    workersKilled += beat.workersKilled;
    console.log(`life ${lives}: ${beat.ended} requests have ended, ${beat.workersKilled} worker threads were killed`);
    if (beat.isFinished) return { lives, workersKilled };
    if (code !== null) throw new Error(`The cloud ended with ${code} before the job did.`);
  }
}

async function ended(child: ChildProcess): Promise<[number | null]> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return [code];
}

/** Each request is one line; each line was served; nothing that was served has no line. */
async function check(dataDir: string, job: string, shape: Shape, port: number, served: ReadonlyMap<string, number>) {
  const faults: string[] = [];
  const aws = await startEmbeddedAws({ dataDir });
  const { s3 } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  const objects = new ObjectStore(s3, LOCAL_BUCKET);
  const hostOf = new Map(Array.from({ length: shape.hosts }, (_, host) => [`http://${addressOf(host)}:${port}`, host]));
  const open = new Map<string, 'result' | 'error'>();
  for (let host = 0; host < shape.hosts; host++) {
    open.set(`${host}/list`, 'result');
    for (let n = 1; n < shape.perHost; n++) open.set(`${host}/${n}`, isMissing(n) ? 'error' : 'result');
  }
  const take = (kind: 'result' | 'error', url: string, answerUrl: string, title?: string): void => {
    const key = keyOf(url);
    const wanted = open.get(key);
    if (wanted !== kind) faults.push(`${kind} line too many: ${url}${wanted ? ` (wanted: ${wanted})` : ''}`);
    else open.delete(key);
    const times = served.get(keyOf(answerUrl)) ?? 0;
    if (times < 1 || (title !== undefined && !(Number(title) >= 1 && Number(title) <= times)))
      faults.push(`never served: answer ${title} of ${answerUrl}, served ${times} times`);
  };
  const keyOf = (url: string): string => {
    const { origin, pathname } = new URL(url);
    return `${hostOf.get(origin)}${pathname}`;
  };
  let results = 0;
  let errors = 0;
  for await (const text of splitLines(linesUnder(objects, 'results/'))) {
    const line = JSON.parse(text) as ResultLine & { item: { title: string } };
    results++;
    take('result', line.url, line.finalUrl ?? line.url, line.item.title);
  }
  for await (const text of splitLines(linesUnder(objects, 'errors/'))) {
    const line = JSON.parse(text) as ErrorLine;
    errors++;
    take('error', line.url, line.url);
    if (line.code !== 'http-404') faults.push(`code ${line.code}: ${line.url} ${line.message}`);
  }
  for (const key of open.keys()) faults.push(`lost: ${key}`);
  const summary = await objects.getJson<Summary>(keys.summary(job));
  const { succeeded = -1, failed = -1, pending = -1 } = summary?.requests ?? {};
  if (succeeded !== results || failed !== errors || pending !== 0) faults.push(`accounts: ${JSON.stringify(summary?.requests)}`);
  s3.destroy();
  await aws.stop();
  return { faults, results, errors };
}
