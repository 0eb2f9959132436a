import type { Cloud } from '../aws/cloud.ts';
import type { Job } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import type { Scraper } from '../scraper/types.ts';

/** The definitions of the jobs that an invocation meets, read once each. */
export class JobBook {
  readonly #cloud: Cloud;
  readonly #jobs = new Map<string, Promise<Job | undefined>>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
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

  async isCancelled(id: string): Promise<boolean> {
    return (await this.#cloud.objects.head(keys.cancel(id))) !== undefined;
  }
}

/** The scraper as one job runs it: the job's own options over the scraper's. */
export function scraperOf(job: Job, scraper: Scraper): Scraper {
  const { concurrency, delay, robots, timeout, retries, maxBytes, maxDepth } = job.options;
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
      ...(maxBytes !== undefined && { maxBytes }),
    },
    ...(maxDepth !== undefined && { maxDepth }),
  };
}
