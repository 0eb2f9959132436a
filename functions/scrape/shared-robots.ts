import type { ObjectStore } from '../aws/objects.ts';
import { keys } from '../job/keys.ts';
import type { RobotsRecord } from './robots-cache.ts';

/** Somebody is asking for a robots.txt. */
export interface Asking {
  readonly lane: string;
  readonly sinceMs: number;
  /** Who has not answered by then (ms since the epoch) has died over it, and another one may ask. */
  readonly untilMs: number;
  /** The file lies on another host, and a request is on its way there. */
  readonly isErrand?: true;
}

export interface Sight {
  readonly record?: RobotsRecord;
  readonly asking?: Asking;
  readonly etag: string;
}

/**
 * A robots.txt that more than one lane has to do with: the lanes of a split host share one answer, and one that is redirected to another
 * host is fetched by that host's lane. One object per origin. Who asks is settled by a conditional write, so that of several lanes one does.
 */
export class SharedRobots {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async read(origin: string): Promise<Sight | undefined> {
    const object = await this.#objects.stream(keys.robots(origin));
    if (!object) return undefined;
    const { record, asking } = JSON.parse(await object.body.transformToString()) as Omit<Sight, 'etag'>;
    return { etag: object.etag, ...(record && { record }), ...(asking && { asking }) };
  }

  /** @returns whether the right to ask is this lane's; false where somebody has written since `seen` was read. */
  claim(origin: string, asking: Asking, seen: Sight | undefined): Promise<boolean> {
    const value = { v: 1, origin, ...keepTries(seen?.record), asking };
    return this.#objects.putJsonIf(keys.robots(origin), value, seen ? { etag: seen.etag } : 'absent');
  }

  /** Says that a request is under way to another host's lane, which will answer. */
  async errand(origin: string, asking: Asking, known: RobotsRecord | undefined): Promise<void> {
    await this.#objects.putJson(keys.robots(origin), { v: 1, origin, ...keepTries(known), asking });
  }

  async answer(origin: string, record: RobotsRecord): Promise<void> {
    await this.#objects.putJson(keys.robots(origin), { v: 1, origin, record });
  }
}

/** Of an answer that is out of date only its failures count on. */
function keepTries(record: RobotsRecord | undefined): { record?: RobotsRecord } {
  return record?.trouble ? { record: { ...record, expiresMs: 0 } } : {};
}
