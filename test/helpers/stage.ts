import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { connect, sendBatches, type Cloud } from '../../functions/aws/cloud.ts';
import { secretNamed } from '../../functions/aws/secrets.ts';
import { createFetcher } from '../../functions/fetch/fetcher.ts';
import type { Fetcher } from '../../functions/fetch/types.ts';
import { batchId, type Batch } from '../../functions/job/batch.ts';
import type { Job } from '../../functions/job/job.ts';
import { keys } from '../../functions/job/keys.ts';
import { laneOf } from '../../functions/job/lane.ts';
import type { Request } from '../../functions/job/request.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { log } from '../../functions/log.ts';
import { readOptions, type Options } from '../../functions/options.ts';
import { readJob, updateJob } from '../../functions/report/tick.ts';
import { runInvocation } from '../../functions/scrape/invocation.ts';
import type { Tools } from '../../functions/scrape/tools.ts';
import type { Scraper } from '../../functions/scraper/types.ts';
import { startEmbeddedAws, type EmbeddedAws } from '../../infra/local/embedded-aws.ts';

/**
 * The scrape function between a real embedded SQS and S3, one invocation at a time in this process: for tests of what an
 * invocation does. (Whole runs, with worker threads and real deaths, are the local cloud's tests.)
 */
export class Stage implements AsyncDisposable {
  readonly aws: EmbeddedAws;
  readonly cloud: Cloud;
  readonly options: Options;
  readonly #fetcher: Fetcher;
  readonly #sqs: SQSClient;
  /** How far the stage's clock is ahead of the machine's: tests move it on instead of waiting. */
  aheadMs = 0;

  private constructor(aws: EmbeddedAws, options: Options) {
    this.aws = aws;
    this.options = options;
    this.cloud = connect(options);
    this.#fetcher = createFetcher({ ...options, proxySecret: secretNamed(options.proxiesSecret) });
    this.#sqs = new SQSClient({});
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Stage> {
    log.setLogLevel('SILENT');
    const aws = await startEmbeddedAws();
    // The SDK reads endpoint and credentials from here, as in Lambda.
    Object.assign(process.env, aws.environment);
    return new Stage(aws, readOptions({ ...aws.environment, URLDROP_ALLOWED_NETWORKS: '*', ...environment }));
  }

  tools(scrapers: readonly Scraper[], more: Partial<Tools> = {}): Tools {
    return {
      cloud: this.cloud,
      fetcher: this.#fetcher,
      scrapers: Object.fromEntries(scrapers.map((s) => [s.name, s])),
      options: this.options,
      log,
      now: this.now,
      busyMs: () => performance.eventLoopUtilization().active,
      random: () => 0,
      ...more,
    };
  }

  readonly now = (): number => Date.now() + this.aheadMs;

  /** Starts a job the way enqueue does: definition, one message per lane, definition with the count of roots. */
  async startJob(scraper: string, requests: readonly Request[], more: Partial<Job> = {}): Promise<Job> {
    const at = new Date().toISOString();
    const job: Job = {
      v: 1,
      id: `${scraper}-test`,
      scraper,
      date: at.slice(0, 10),
      createdAt: at,
      source: 'test',
      options: {},
      lanes: 1,
      unique: false,
      ...more,
    };
    const lanes = Map.groupBy(requests, (r) => laneOf(r.url, { groupBy: 'host', lanes: job.lanes }));
    const roots: Batch[] = Array.from(lanes, ([lane, rs]) => ({
      v: 1,
      job: job.id,
      id: batchId(job.id, lane),
      lane,
      count: rs.length,
      requests: rs,
    }));
    const enqueued = { requests: requests.length, roots: roots.length, duplicates: 0, failed: 0, errors: {}, hosts: lanes.size, at };
    await this.cloud.objects.put(keys.active(job.id), '');
    await this.cloud.objects.putJson(keys.job(job.id), { ...job, enqueued });
    await sendBatches(this.cloud, roots, Date.now());
    return { ...job, enqueued };
  }

  async receive(queue: 'requests' | 'postponed' = 'requests'): Promise<SQSRecord[]> {
    const answer = await this.#sqs.send(
      new ReceiveMessageCommand({ QueueUrl: this.aws.queueUrls[queue], MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    );
    return (answer.Messages ?? []).map(asRecord);
  }

  /** One invocation over whatever SQS hands out; Lambda's part (deleting what did not fail) included. */
  async invoke(tools: Tools, records?: readonly SQSRecord[], remainingMs = 120_000, mayLast?: () => boolean): Promise<string[]> {
    const batch = records ?? (await this.receive());
    const failed = await runInvocation(tools, batch, remainingMs, mayLast);
    const done = batch.filter((r) => !failed.includes(r.messageId));
    if (done.length > 0) {
      const entries = done.map((r, i) => ({ Id: String(i), ReceiptHandle: r.receiptHandle }));
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.aws.queueUrls.requests, Entries: entries }));
    }
    return failed;
  }

  /** Puts every postponed batch back on Requests, as if its time had come. */
  async wakePostponed(): Promise<number> {
    const queue = this.aws.server.inspectQueue('postponed');
    const waiting = [...(queue?.messages.delayed ?? []), ...(queue?.messages.ready ?? [])].map((m) => JSON.parse(m.body) as Batch);
    const latestMs = Math.max(0, ...waiting.map((batch) => batch.notBefore ?? 0));
    this.aheadMs = Math.max(this.aheadMs, latestMs - Date.now());
    this.aws.server.deleteQueue('postponed');
    this.aws.server.createQueue('postponed');
    await sendBatches(this.cloud, waiting, this.now());
    return waiting.length;
  }

  /** Runs invocations until nothing is left in the queues. */
  async drain(tools: Tools, maxInvocations = 200): Promise<number> {
    for (let n = 1; n <= maxInvocations; n++) {
      const records = await this.receive();
      if (records.length > 0) await this.invoke(tools, records);
      else if ((await this.wakePostponed()) === 0) return n;
    }
    throw new Error(`The queues are not empty after ${maxInvocations} invocations.`);
  }

  async summary(job: Job): Promise<Summary> {
    const known = await readJob(this.cloud.objects, job.id);
    const summary = await updateJob({ cloud: this.cloud, log, now: Date.now }, job.id, known, Date.now() + 60_000);
    if (!summary) throw new Error(`Job ${job.id} is gone.`);
    return summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fetcher.close();
    await this.aws.stop();
  }
}

function asRecord(m: Message): SQSRecord {
  return {
    messageId: m.MessageId ?? '',
    receiptHandle: m.ReceiptHandle ?? '',
    body: m.Body ?? '',
    attributes: m.Attributes as unknown as SQSRecord['attributes'],
    messageAttributes: {},
    md5OfBody: m.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:requests.fifo',
    awsRegion: 'us-east-1',
  };
}
