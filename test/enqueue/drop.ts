import type { S3Event, SQSEvent } from 'aws-lambda';
import { gunzipSync } from 'node:zlib';
import { createClients } from '../../functions/aws/clients.ts';
import type { Cloud } from '../../functions/aws/cloud.ts';
import { ObjectStore } from '../../functions/aws/objects.ts';
import { Queue } from '../../functions/aws/queue.ts';
import { runInvocation, type EnqueueEvent } from '../../functions/enqueue/invocation.ts';
import type { PlanTools } from '../../functions/enqueue/run-plan.ts';
import type { Batch } from '../../functions/job/batch.ts';
import type { Job } from '../../functions/job/job.ts';
import { errorsPrefix, keys } from '../../functions/job/keys.ts';
import type { Request } from '../../functions/job/request.ts';
import type { ErrorLine } from '../../functions/job/result.ts';
import { readSegment } from '../../functions/job/segment.ts';
import { log } from '../../functions/log.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { LOCAL_BUCKET, startEmbeddedAws, type EmbeddedAws } from '../../infra/local/embedded-aws.ts';
import { encodeEventKey } from '../../infra/local/s3-event.ts';
import { scraper } from '../helpers/scrapers.ts';

/** Strikes at the n-th call of the functions to SQS and S3. */
export interface Strike {
  readonly call: number;
  /** Whether the service has done its part when the function dies. */
  readonly isDone: boolean;
  /** Only this call fails; the function lives on. */
  readonly isOnly?: true;
}

/** The enqueue function between an embedded SQS and S3, one invocation at a time in this process. */
export class DropStage implements AsyncDisposable {
  readonly aws: EmbeddedAws;
  readonly cloud: Cloud;
  /** Calls of functions since the last {@link die}. */
  calls: string[] = [];
  #strike: Strike | undefined;
  #uploads = 0;

  private constructor(aws: EmbeddedAws) {
    this.aws = aws;
    const { s3, sqs, meter } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    // Outside the SDK's repeats: whoever dies does not try again.
    s3.middlewareStack.add((next, context) => (args) => this.#call(context.commandName, () => next(args)), { step: 'initialize' });
    sqs.middlewareStack.add((next, context) => (args) => this.#call(context.commandName, () => next(args)), { step: 'initialize' });
    this.cloud = {
      objects: new ObjectStore(s3, LOCAL_BUCKET),
      requests: new Queue(sqs, aws.queueUrls.requests),
      postponed: new Queue(sqs, aws.queueUrls.postponed),
      meter,
    };
  }

  static async start(): Promise<DropStage> {
    log.setLogLevel('SILENT');
    return new DropStage(await startEmbeddedAws());
  }

  tools(more: Partial<PlanTools> & { list?: readonly Scraper[] } = {}): PlanTools {
    const { list = [scraper({ name: 'page', follows: false })], ...rest } = more;
    return {
      cloud: this.cloud,
      log,
      now: Date.now,
      budgetBytes: 48_000_000,
      memoryMb: 1_024,
      scrapers: Object.fromEntries(list.map((s) => [s.name, s])),
      ...rest,
    };
  }

  /** Uploads an object and says what S3 would. */
  async drop(key: string, body: string | Buffer): Promise<S3Event> {
    await this.cloud.objects.put(key, body);
    const etag = (await this.cloud.objects.head(key))?.etag ?? '';
    return s3Event(key, String(++this.#uploads).padStart(16, '0'), etag);
  }

  /** One invocation with ten minutes. */
  run(tools: PlanTools, event: EnqueueEvent, remainingMs = 600_000): Promise<string[] | undefined> {
    return runInvocation(tools, event, () => remainingMs);
  }

  /** Runs an event and whatever it postpones, as long as there is something. */
  async runAll(tools: PlanTools, event: EnqueueEvent, remainingMs?: number): Promise<number> {
    await this.run(tools, event, remainingMs);
    let invocations = 1;
    for (let bodies = this.takePostponed(); bodies.length > 0; bodies = this.takePostponed(), invocations++) {
      await this.run(tools, sqsEvent(bodies), remainingMs);
    }
    return invocations;
  }

  /** From now on the functions die at this call; undefined: no more. */
  die(strike: Strike | undefined): void {
    this.calls = [];
    this.#strike = strike;
  }

  messages(queue: 'requests.fifo' | 'postponed' = 'requests.fifo'): string[] {
    const { ready = [], delayed = [] } = this.aws.server.inspectQueue(queue)?.messages ?? {};
    return [...ready, ...delayed].map((message) => message.body);
  }

  takePostponed(): string[] {
    const bodies = this.messages('postponed');
    this.aws.server.deleteQueue('postponed');
    this.aws.server.createQueue('postponed');
    return bodies;
  }

  batches(job?: string): Batch[] {
    return this.messages()
      .map((body) => JSON.parse(body) as Batch)
      .filter((batch) => job === undefined || batch.job === job);
  }

  async requestsOf(batch: Batch): Promise<Request[]> {
    const requests = [...(batch.requests ?? [])];
    if (batch.segment) for await (const part of readSegment(this.cloud.objects, batch.segment)) requests.push(...part);
    return requests;
  }

  async allRequests(job?: string): Promise<Request[]> {
    return (await Promise.all(this.batches(job).map((batch) => this.requestsOf(batch)))).flat();
  }

  /** The only job there is. */
  async job(id?: string): Promise<Job> {
    const jobs: string[] = [];
    for await (const folder of this.cloud.objects.folders('jobs/')) jobs.push(folder);
    const job = await this.cloud.objects.getJson<Job>(keys.job(id ?? (jobs.length === 1 ? (jobs[0] ?? '') : `one of ${jobs.join()}`)));
    if (!job) throw new Error(`No job ${id ?? ''} among ${jobs.join(', ')}`);
    return job;
  }

  async errorLines(job: Job): Promise<ErrorLine[]> {
    const lines: ErrorLine[] = [];
    for await (const { key } of this.cloud.objects.list(errorsPrefix(job))) {
      const text = gunzipSync((await this.cloud.objects.get(key)) ?? Buffer.alloc(0)).toString('utf8');
      lines.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as ErrorLine),
      );
    }
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.aws.stop();
  }

  async #call<T>(name: string | undefined, next: () => Promise<T>): Promise<T> {
    this.calls.push(name ?? '');
    const isHit = this.#strike?.call === this.calls.length;
    const isDead = this.#strike !== undefined && !this.#strike.isOnly && this.calls.length > this.#strike.call;
    if (isDead || (isHit && !this.#strike?.isDone)) throw new Error('The function has died.');
    if (!isHit) return next();
    // Whatever the answer is, a refusal included: nobody hears it.
    await next().catch(() => {});
    throw new Error('The function has died.');
  }
}

export function s3Event(
  key: string,
  sequencer: string,
  etag = '',
  eventTime = '2026-03-04T05:06:07.000Z',
  eventName = 'ObjectCreated:Put',
): S3Event {
  return {
    Records: [
      {
        eventSource: 'aws:s3',
        eventName,
        eventTime,
        s3: { object: { key: encodeEventKey(key), sequencer, eTag: etag.replaceAll('"', '') } },
      },
    ],
  } as unknown as S3Event;
}

export function sqsEvent(bodies: readonly string[]): SQSEvent {
  return { Records: bodies.map((body, i) => ({ messageId: `m${i}`, eventSource: 'aws:sqs', body })) } as unknown as SQSEvent;
}
