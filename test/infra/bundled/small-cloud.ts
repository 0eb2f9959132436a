import type { S3Event } from 'aws-lambda';
import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { Queue } from '../../../functions/aws/queue.ts';
import { SourceQueue } from '../../../functions/aws/source-queue.ts';
import { LOCAL_BUCKET, startEmbeddedAws, type EmbeddedAws } from '../../../infra/local/embedded-aws.ts';
import { s3EventOf } from '../../../infra/local/s3-event.ts';
import { failedMessageIds, sqsEventOf } from '../../../infra/local/sqs-event.ts';
import { settings, type FunctionName, type QueueName } from '../../../infra/settings.ts';
import { startCallLog, type AwsCall, type CallLog } from './call-log.ts';
import { startFunction, type FunctionProcess } from './function-process.ts';

/** Where the module of each function lies, and what it is told beside endpoints and credentials. */
export interface Deployed {
  readonly module: Readonly<Record<FunctionName, string>>;
  readonly environment: (name: FunctionName, queueUrls: EmbeddedAws['queueUrls']) => Readonly<Record<string, string>>;
}

/** The embedded SQS and S3 with each function in a process of its own, and this class as what Lambda does between them. */
export class SmallCloud implements AsyncDisposable {
  readonly aws: EmbeddedAws;
  readonly objects: ObjectStore;
  readonly #functions: Readonly<Record<FunctionName, FunctionProcess>>;
  readonly #logs: Readonly<Record<FunctionName, CallLog>>;
  readonly #stack: AsyncDisposableStack;
  readonly #sqs: ReturnType<typeof createClients>['sqs'];
  #firstReceives = 1;

  private constructor(
    aws: EmbeddedAws,
    functions: Readonly<Record<FunctionName, FunctionProcess>>,
    logs: Readonly<Record<FunctionName, CallLog>>,
    stack: AsyncDisposableStack,
  ) {
    this.aws = aws;
    this.#functions = functions;
    this.#logs = logs;
    this.#stack = stack;
    const { s3, sqs } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    this.#sqs = sqs;
    this.objects = new ObjectStore(s3, LOCAL_BUCKET);
  }

  static async start(deployed: Deployed): Promise<SmallCloud> {
    const stack = new AsyncDisposableStack();
    const aws = await startEmbeddedAws();
    stack.defer(() => aws.stop());
    const names = Object.keys(settings.functions) as FunctionName[];
    const logs = await byName(names, async () => stack.use(await startCallLog(aws.endpoint)));
    const functions = await byName(names, async (name) => {
      const { AWS_ENDPOINT_URL_S3: _s3, AWS_ENDPOINT_URL_SQS: _sqs, ...local } = aws.environment;
      const env = {
        ...local,
        // By way of the log: the SQS client calls the host that the queue's URL names.
        ...deployed.environment(name, urlsAt(logs[name].url, aws)),
        AWS_ENDPOINT_URL_S3: logs[name].url,
        AWS_ENDPOINT_URL_SQS: logs[name].url,
        URLDROP_ALLOWED_NETWORKS: '127.0.0.0/8',
      };
      return stack.use(await startFunction(deployed.module[name], env, settings.functions[name].timeoutSeconds * 1000));
    });
    return new SmallCloud(aws, functions, logs, stack);
  }

  calls(name: FunctionName): readonly AwsCall[] {
    return this.#logs[name].calls;
  }

  log(name: FunctionName): string {
    return this.#functions[name].log();
  }

  /** Puts an object under the prefix that starts enqueue, and invokes it with S3's event. */
  async drop(key: string, text: string): Promise<void> {
    await this.objects.put(key, text);
    const info = await this.objects.head(key);
    const event: S3Event = s3EventOf(
      { key, at: '2026-11-23T06:00:00.000Z', sequencer: '0055AED6DCD90281E5' },
      { size: info?.size ?? 0, etag: info?.etag ?? '' },
      LOCAL_BUCKET,
      this.aws.region,
    );
    await this.#functions.enqueue.invoke(event);
  }

  async schedule(event: unknown): Promise<void> {
    await this.#functions.enqueue.invoke(event);
  }

  async send(queue: QueueName, body: string, group?: string): Promise<void> {
    await new Queue(this.#sqs, this.aws.queueUrls[queue]).send([
      { body, ...(group !== undefined && { group, deduplicationId: `${group} ${body.length}` }) },
    ]);
  }

  /**
   * Invokes functions with what the queues hold until nothing is left, then lets report sum up.
   *
   * @param firstReceives - how often the first messages to scrape are said to have been delivered: above 1, as after a death.
   */
  async drain(firstReceives = 1): Promise<void> {
    this.#firstReceives = firstReceives;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const { queue, function: name } of settings.eventSources) if (await this.#deliver(queue, name)) isBusy = true;
    }
    await this.#functions.report.invoke({ kind: 'tick' });
  }

  /** One event of an event source mapping. @returns whether there was one. */
  async #deliver(queue: QueueName, name: FunctionName): Promise<boolean> {
    const source = new SourceQueue(this.#sqs, this.aws.queueUrls[queue]);
    const received = await source.receive(10, 0, new AbortController().signal);
    if (received.length === 0) return false;
    const receives = queue === 'requests' && this.#firstReceives > 1 ? { ApproximateReceiveCount: String(this.#firstReceives) } : {};
    const messages = received.map((message) => Object.assign(message, { attributes: { ...message.attributes, ...receives } }));
    if (queue === 'requests') this.#firstReceives = 1;
    const answer = await this.#functions[name].invoke(sqsEventOf(messages, settings.queues[queue].name, this.aws.region));
    const failed = failedMessageIds(answer, messages);
    if (failed.size > 0) throw new Error(`${name} gave ${failed.size} of ${messages.length} messages back:\n${this.log(name)}`);
    await source.delete(messages.map((m) => m.receiptHandle));
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function urlsAt(endpoint: string, { endpoint: real, queueUrls }: EmbeddedAws): EmbeddedAws['queueUrls'] {
  return Object.fromEntries(
    Object.entries(queueUrls).map(([name, url]) => [name, url.replace(real, endpoint)]),
  ) as EmbeddedAws['queueUrls'];
}

async function byName<T>(
  names: readonly FunctionName[],
  make: (name: FunctionName) => Promise<T>,
): Promise<Readonly<Record<FunctionName, T>>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await make(name)] as const))) as Record<FunctionName, T>;
}
