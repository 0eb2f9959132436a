import { keys, prefixes } from '../job/keys.ts';
import type { Summary } from '../job/summary.ts';
import { reportPage } from './report-page.ts';
import type { TickTools } from './tick.ts';

/** That a job has ended, for those who want to be told. */
export interface Notice {
  /** The same however often it is told: whoever has heard it drops it. */
  readonly id: string;
  readonly summary: Summary;
}

/** A way to tell. */
export interface Channel {
  readonly name: 'webhook' | 'topic';
  /** @throws what went wrong; it is tried again, unless it is {@link Refused}. */
  send(notice: Notice): Promise<void>;
}

/** The other side wants no repeat. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

interface Delivery {
  readonly tries: number;
  /** Not before this, ms since the epoch. */
  readonly dueMs: number;
  /** What went wrong last. */
  readonly error?: string;
}

/** `state/notices/<id>.json`: there while somebody still has to be told. */
interface NoticeState extends Notice {
  readonly v: 1;
  readonly waiting: Readonly<Partial<Record<Channel['name'], Delivery>>>;
  readonly failed: Readonly<Partial<Record<Channel['name'], Delivery>>>;
}

/** Waits double from a minute to an hour: the last try is some 9 hours after the first. */
const MAX_TRIES = 15;
const MINUTE_MS = 60_000;
const MAX_WAIT_MS = 60 * MINUTE_MS;
/** Notices told side by side. */
const AT_ONCE = 8;

/** Notes that a job has ended. Before it leaves the list of active jobs, so that no death of a function makes anybody miss it. */
export async function noteEnd({ cloud, channels = [] }: TickTools, summary: Summary, id: string): Promise<void> {
  if (channels.length === 0) return;
  const waiting = Object.fromEntries(channels.map(({ name }) => [name, { tries: 0, dueMs: 0 } satisfies Delivery]));
  await cloud.objects.putJson(keys.notice(id), { v: 1, id, summary, waiting, failed: {} } satisfies NoticeState);
}

/**
 * Tells what is due. Each channel hears of each end at least once; what failed comes again at a later tick, and after the last try the
 * job's summary says so.
 *
 * @param untilMs - nothing is begun after this.
 */
export async function tellDue(tools: TickTools, untilMs: number): Promise<void> {
  if ((tools.channels ?? []).length === 0) return;
  let group: Promise<void>[] = [];
  for await (const { key } of tools.cloud.objects.list(prefixes.notices)) {
    if (tools.now() >= untilMs) break;
    group.push(tell(tools, key));
    if (group.length < AT_ONCE) continue;
    await Promise.all(group);
    group = [];
  }
  await Promise.all(group);
}

async function tell(tools: TickTools, key: string): Promise<void> {
  const { cloud, log, now } = tools;
  try {
    const state = await cloud.objects.getJson<NoticeState>(key);
    if (!state) return;
    const next = await tellAll(tools, state);
    if (next === state) return;
    if (Object.keys(next.waiting).length > 0) return await cloud.objects.putJson(key, next);
    if (Object.keys(next.failed).length > 0) await saySo(tools, next);
    await cloud.objects.delete(key);
  } catch (error) {
    log.error('A notice could not be dealt with; the next tick tries again.', { key, at: now(), error: error as Error });
  }
}

async function tellAll({ channels = [], log, now }: TickTools, state: NoticeState): Promise<NoticeState> {
  const waiting = { ...state.waiting };
  const failed = { ...state.failed };
  const due = channels.filter(({ name }) => (state.waiting[name]?.dueMs ?? Number.POSITIVE_INFINITY) <= now());
  await Promise.all(
    due.map(async (channel) => {
      const { name } = channel;
      const tries = (state.waiting[name]?.tries ?? 0) + 1;
      try {
        await channel.send(state);
        delete waiting[name];
        log.info('Somebody was told that a job has ended.', { job: state.summary.id, channel: name, tries });
      } catch (error) {
        const delivery = { tries, dueMs: now() + Math.min(MAX_WAIT_MS, MINUTE_MS * 2 ** (tries - 1)), error: reasonOf(error) };
        const isLast = error instanceof Refused || tries >= MAX_TRIES;
        if (isLast) delete waiting[name];
        (isLast ? failed : waiting)[name] = delivery;
        log.warn('Nobody could be told that a job has ended.', {
          job: state.summary.id,
          channel: name,
          tries,
          isLast,
          error: error as Error,
        });
      }
    }),
  );
  // A channel that is no more has nobody to tell.
  for (const name of Object.keys(waiting) as Channel['name'][])
    if (!channels.some((channel) => channel.name === name)) delete waiting[name];
  return due.length === 0 && Object.keys(waiting).length > 0 ? state : { ...state, waiting, failed };
}

/** Writes into the summary who was not told. */
async function saySo({ cloud: { objects } }: TickTools, { summary: { id }, failed }: NoticeState): Promise<void> {
  const summary = await objects.getJson<Summary>(keys.summary(id));
  // It may be a running job again, which will be told of at its new end.
  if (summary?.finishedAt === undefined) return;
  const untold = Object.fromEntries(Object.entries(failed).map(([name, { tries, error = '' }]) => [name, { tries, error }]));
  const told: Summary = { ...summary, untold };
  await objects.put(keys.report(id), reportPage(told), { contentType: 'text/html; charset=utf-8' });
  await objects.put(keys.summary(id), JSON.stringify(told, undefined, 2), { contentType: 'application/json' });
}

/** fetch() says only that it failed; why stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
