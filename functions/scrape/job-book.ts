import type { Cloud } from '../aws/cloud.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import type { Scraper } from '../scraper/types.ts';

/** How often a lane looks for its job's stop sign, ms. */
export const CANCEL_CHECK_MS = 5_000;

/** The definitions of the jobs that an invocation meets, read once each. */
export class JobBook {
  readonly #cloud: Cloud;
  readonly #jobs = new Map<string, Promise<Job | undefined>>();
  readonly #cancelled = new Map<string, { readonly askedMs: number; readonly answer: Promise<boolean> }>();
  readonly #now: () => number;

  /** @param now - ms. */
  constructor(cloud: Cloud, now: () => number) {
    this.#cloud = cloud;
    this.#now = now;
  }

  /** @returns undefined where the job's definition is gone: its owner has deleted it. */
  get(id: string): Promise<Job | undefined> {
    let job = this.#jobs.get(id);
    if (!job) {
      job = this.#cloud.objects.getJson<Job>(keys.job(id));
      this.#jobs.set(id, job);
      // A failed read must not be remembered: the next batch of the job asks again.
      job.catch(() => this.#jobs.delete(id));
    }
    return job;
  }

  /** Looks for the job's stop sign: once in {@link CANCEL_CHECK_MS}, however many lanes ask. */
  isCancelled(id: string): Promise<boolean> {
    const nowMs = this.#now();
    const known = this.#cancelled.get(id);
    if (known && nowMs - known.askedMs < CANCEL_CHECK_MS) return known.answer;
    const answer = this.#cloud.objects.head(keys.cancel(id)).then((object) => object !== undefined);
    this.#cancelled.set(id, { askedMs: nowMs, answer });
    answer.catch(() => this.#cancelled.delete(id));
    return answer;
  }
}

/** The scraper as one job runs it: the job's own options over the scraper's. */
export function scraperOf(job: Job, scraper: Scraper): Scraper {
  const { concurrency, delay, robots, timeout, retries, giveUpAfter, maxBytes, maxDepth } = job.options;
  return {
    ...scraper,
    politeness: {
      ...scraper.politeness,
      ...(concurrency !== undefined && { concurrency }),
      ...(delay !== undefined && { delay }),
      ...(robots !== undefined && { robots }),
    },
    request: {
      ...scraper.request,
      ...(timeout !== undefined && { timeout }),
      ...(retries !== undefined && { retries }),
      ...(giveUpAfter !== undefined && { giveUpAfter }),
      ...(maxBytes !== undefined && { maxBytes }),
    },
    ...(maxDepth !== undefined && { maxDepth }),
  };
}
