import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobFile } from '../../functions/enqueue/job-file.ts';
import { keys } from '../../functions/job/keys.ts';
import type { Outcome } from '../../functions/job/outcome.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { startLocalCloud, type LocalCloud } from '../../infra/local/local-cloud.ts';
import { errorLines, resultLines } from '../helpers/lines.ts';
import { startArrivalServer, type Arrival, type ArrivalServer } from './arrivals.ts';

/**
 * The claim that politeness holds for the whole fleet, put to the proof: the real handlers on several threads between the real queues, slices
 * so short that every lane goes from one invocation to the next many times over, and one server that keeps the record which is judged.
 */
const SHARED = '127.0.0.11';
const DELAYED = '127.0.0.12';
const DECLARED = '127.0.0.13';
const WIDE = '127.0.0.14';
const WIDE_DECLARED = '127.0.0.15';
const ELSEWHERE = '127.0.0.16';
const RULED_ELSEWHERE = '127.0.0.17';

const DELAY_MS = 300;
/** A client's thread that loses its processor between looking at the clock and writing sends later than it knows, and its next request on time. */
const CLIENT_LATE_MS = 150;

let server: ArrivalServer;
let cloud: LocalCloud;
let arrivals: readonly Arrival[];
const url = (host: string, path: string): string => `http://${host}:${server.port}${path}`;
const urls = (host: string, what: string, count: number): string[] => Array.from({ length: count }, (_, i) => url(host, `/${what}/${i}`));

/** Jobs by id: what is fetched and how politely. All of them run at once. */
function jobs(): Readonly<Record<string, Pick<JobFile, 'urls' | 'options'>>> {
  const gentle = { concurrency: 3 };
  const to = (from: string, target: string, i: number): string => url(from, `/to?${url(target, `/moved-${from}/${i}`)}`);
  const ten = Array.from({ length: 10 }, (_, i) => i);
  return {
    // Two jobs on one host, and redirects to it from three others.
    one: { urls: [...urls(SHARED, 'one', 60), ...ten.map((i) => to(SHARED, SHARED, i))], options: gentle },
    two: { urls: [...urls(SHARED, 'two', 60), ...ten.map((i) => to(ELSEWHERE, SHARED, i))], options: gentle },
    // A delay, with more in flight than one: redirects from within and from outside, and a robots.txt that is redirected.
    slow: {
      urls: [...urls(DELAYED, 'slow', 8), to(DELAYED, DELAYED, 0), to(ELSEWHERE, DELAYED, 1)],
      options: { concurrency: 4, delay: DELAY_MS },
    },
    'slow-too': { urls: urls(DELAYED, 'slow-too', 6), options: { concurrency: 4, delay: DELAY_MS } },
    // Its robots.txt lies on the host with the delay.
    ruled: { urls: [...urls(RULED_ELSEWHERE, 'ruled', 6), url(RULED_ELSEWHERE, '/no')], options: { concurrency: 4, delay: DELAY_MS } },
    declared: { urls: urls(DECLARED, 'declared', 10), options: gentle },
    // So many at once that the host has several lanes.
    wide: { urls: urls(WIDE, 'wide', 60), options: { concurrency: 16 } },
    'wide-too': { urls: [...urls(WIDE, 'wide-too', 60), ...ten.map((i) => to(WIDE, WIDE, i))], options: { concurrency: 16 } },
    'wide-declared': { urls: urls(WIDE_DECLARED, 'declared', 10), options: { concurrency: 16 } },
  };
}

beforeAll(async () => {
  const declared = `User-agent: *\nCrawl-delay: ${DELAY_MS / 1_000}\n`;
  server = await startArrivalServer({
    [DECLARED]: declared,
    [WIDE_DECLARED]: declared,
    [DELAYED]: '>/moved/robots.txt',
    [RULED_ELSEWHERE]: `>http://${DELAYED}:{port}/ruled/robots.txt`,
  });
  cloud = await startLocalCloud({
    workers: 3,
    warmWorkers: 3,
    functionOptions: { URLDROP_ALLOWED_NETWORKS: '127.0.0.0/8', URLDROP_SLICE_MS: '250' },
    onProblem: (problem) => {
      throw new Error(JSON.stringify(problem));
    },
  });
  const started = Object.entries(jobs());
  await Promise.all(started.map(([job, what]) => cloud.objects.putJson(`urls/page/${job}.job.json`, { job, scraper: 'page', ...what })));
  // Ended by the hook's own time limit if they never are.
  for (const [job] of started) while ((await cloud.objects.getJson<Summary>(keys.summary(job)))?.state !== 'finished') await sleep(50);
  arrivals = await server.arrivals();
});
afterAll(async () => {
  await cloud?.stop(0);
  await server?.[Symbol.asyncDispose]();
});

const at = (host: string): Arrival[] => arrivals.filter((arrival) => arrival.host === host);
const most = (host: string): number => Math.max(...at(host).map(({ inFlight }) => inFlight));

/** How much sooner than after the delay a request came: what the server cannot have been late by with the one before. */
function tooSoon(all: readonly Arrival[], delayMs: number): string[] {
  return all.flatMap((arrival, i) => {
    const before = all[i - 1];
    if (!before) return [];
    const gapMs = arrival.at - before.at;
    return gapMs >= delayMs - before.late - CLIENT_LATE_MS ? [] : [`${arrival.path} ${gapMs} ms after ${before.path}`];
  });
}

describe('several invocations at once', () => {
  test('fetch everything, each page once', async () => {
    const forbidden = url(RULED_ELSEWHERE, '/no');
    expect((await errorLines(cloud.objects)).map((line) => [line.code, line.url])).toEqual([['robots', forbidden]]);
    const wanted = Object.values(jobs()).flatMap((job) => (job.urls ?? []).filter((one) => one !== forbidden));
    const results = await resultLines(cloud.objects);
    expect(results.map((line) => line.url).toSorted()).toEqual(wanted.toSorted());
    const pages = arrivals.filter(({ path }) => !path.includes('robots') && !path.startsWith('/to?'));
    expect(pages).toHaveLength(wanted.length);
  });

  test('hand lanes on to each other, and share hosts that allow enough', async () => {
    const slices = new Map<string, number>();
    for await (const { key } of cloud.objects.list('outcomes/')) {
      const lane = (await cloud.objects.getJson<Outcome>(key))?.lane ?? '';
      slices.set(lane, (slices.get(lane) ?? 0) + 1);
    }
    expect(slices.get(`${DELAYED}:${server.port}`)).toBeGreaterThan(4);
    const lanesOf = (host: string): number => [...slices.keys()].filter((lane) => lane.startsWith(`${host}:`)).length;
    expect(lanesOf(WIDE)).toBe(2);
    expect(lanesOf(WIDE_DECLARED)).toBe(2);
  });

  test('never have more under way on a host than it allows', () => {
    expect(most(SHARED)).toBeLessThanOrEqual(3);
    expect(most(WIDE)).toBeLessThanOrEqual(16);
    expect(most(DELAYED)).toBeLessThanOrEqual(4);
    expect(most(DECLARED)).toBeLessThanOrEqual(3);
    // With one at a time there would be nothing to prove.
    expect(Math.min(most(SHARED), most(WIDE))).toBeGreaterThan(1);
  });

  test.each([DELAYED, DECLARED])('keep the delay of %s, robots.txt and redirects included', (host) => {
    expect(at(host).length).toBeGreaterThanOrEqual(11);
    expect(tooSoon(at(host), DELAY_MS)).toEqual([]);
  });

  test('keep a delay that robots.txt declares with several lanes, as soon as they know of it', () => {
    const pages = at(WIDE_DECLARED).filter(({ path }) => path !== '/robots.txt');
    expect(pages).toHaveLength(10);
    expect(tooSoon(pages, DELAY_MS)).toEqual([]);
  });

  test('ask for robots.txt before any page of a host, and once, however many lanes and jobs it has', () => {
    const hosts = [SHARED, DELAYED, DECLARED, WIDE, WIDE_DECLARED, RULED_ELSEWHERE];
    const asked = hosts.map((host) => at(host).filter(({ path }) => path === '/robots.txt').length);
    expect(asked).toEqual(hosts.map(() => 1));
    // The host with the delay may have been asked for the rules of another first.
    for (const host of hosts) expect(at(host).find(({ path }) => !path.startsWith('/ruled'))?.path).toBe('/robots.txt');
  });

  test('fetch a robots.txt that lies on another host once, and at that host’s pace', () => {
    expect(at(DELAYED).filter(({ path }) => path === '/ruled/robots.txt')).toHaveLength(1);
    expect(at(RULED_ELSEWHERE).map(({ path }) => path)).not.toContain('/no');
    // That it keeps the delay there is shown with all else that reaches that host.
  });

  test('say in the summary which delay a site asks for', async () => {
    const { crawlDelays } = (await cloud.objects.getJson<Summary>(keys.summary('declared'))) ?? {};
    expect(crawlDelays).toEqual({ [url(DECLARED, '')]: { declaredMs: DELAY_MS, keptMs: DELAY_MS } });
  });
});
