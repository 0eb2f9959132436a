import { ChangeMessageVisibilityCommand, MessageNotInflight, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { ScheduleEvent } from '../../functions/enqueue/job-plan.ts';
import type { Batch } from '../../functions/job/batch.ts';
import { randomUUID } from 'node:crypto';
import { createClients } from '../../functions/aws/clients.ts';
import { ObjectStore } from '../../functions/aws/objects.ts';
import { SourceQueue, type ReceivedMessage } from '../../functions/aws/source-queue.ts';
import { LOCAL_BUCKET, startEmbeddedAws, type EmbeddedAws } from '../../infra/local/embedded-aws.ts';
import { functionEnvironment } from '../../infra/local/function-environment.ts';
import { FunctionFailure } from '../../infra/local/function-messages.ts';
import { FunctionThread } from '../../infra/local/function-thread.ts';
import { s3EventOf } from '../../infra/local/s3-event.ts';
import { failedMessageIds, sqsEventOf } from '../../infra/local/sqs-event.ts';
import { settings, type FunctionName, type QueueName } from '../../infra/settings.ts';
import { FaultProxy } from './fault-proxy.ts';

/**
 * A clock that runs ahead where all there is to do is wait: the embedded SQS lives in this thread and reads it, and functions are told
 * with each event.
 */
let aheadMs = 0;
const realNow = Date.now;
Date.now = () => realNow() + aheadMs;

/** Invocations after which a job that has not ended never will. */
const MAX_INVOCATIONS = 2_000;

/** A function in an endless loop has this long, in place of its time limit, ms. */
const LOOP_MS = 150;

/** Chance beside the calls themselves: which queue is served, what is delivered again. */
export interface Chance {
  /** A number in [0, 1). */
  random(): number;
  /**
   * Chance that an acknowledged message comes back at once, that it comes again at some later time, out of order, and that an event
   * is delivered once more.
   */
  readonly duplicates: number;
  /** Chance of a tick of report between two invocations; one comes when all is done in any case. */
  readonly ticks: number;
}

export const noChance: Chance = { random: () => 0, duplicates: 0, ticks: 0 };

/** A message that SQS will hand out once more, as if it had lost its memory of it. */
interface Echo {
  readonly queue: QueueName;
  readonly message: ReceivedMessage;
}

/**
 * The functions as Lambda runs them, in a worker thread that can be killed between any two calls, with an event source that
 * delivers whatever was not acknowledged again. One invocation at a time, so that runs with one seed go alike.
 */
export class Fleet implements AsyncDisposable {
  readonly aws: EmbeddedAws;
  readonly objects: ObjectStore;
  readonly proxy: FaultProxy;
  readonly #sqs: SQSClient;
  readonly #queues: Readonly<Record<QueueName, SourceQueue>>;
  readonly #modules: Readonly<Record<FunctionName, string>>;
  readonly #events: object[] = [];
  readonly #echoes: Echo[] = [];
  #thread: FunctionThread | undefined;
  #chance: Chance = noChance;
  /** Functions that died since the last {@link reset}. */
  deaths = 0;
  /** The same by batch, for those that held one request: whoever is called a killer must have three. */
  readonly deathsAlone = new Map<string, number>();
  /** Called after each tick. */
  onTick: () => Promise<void> = () => Promise.resolve();

  private constructor(aws: EmbeddedAws, proxy: FaultProxy, modules: Readonly<Record<FunctionName, string>>) {
    this.aws = aws;
    this.proxy = proxy;
    this.#modules = modules;
    const { s3, sqs } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    this.#sqs = sqs;
    this.objects = new ObjectStore(s3, LOCAL_BUCKET);
    const names = Object.keys(settings.queues) as QueueName[];
    this.#queues = Object.fromEntries(names.map((n) => [n, new SourceQueue(sqs, aws.queueUrls[n])])) as Record<QueueName, SourceQueue>;
    proxy.kill = () => this.#kill();
  }

  /** @param modules - URLs of the modules that export the handlers. */
  static async start(modules: Readonly<Record<FunctionName, string>>): Promise<Fleet> {
    const aws = await startEmbeddedAws();
    return new Fleet(aws, await FaultProxy.start(aws.endpoint), modules);
  }

  /** Empties queues and bucket for the next run; a loaded thread is kept. */
  reset(chance: Chance = noChance): void {
    this.aws.server.reset();
    this.#events.length = 0;
    this.#echoes.length = 0;
    this.#chance = chance;
    this.deaths = 0;
    this.deathsAlone.clear();
    this.proxy.restart();
  }

  /** Drops a file as a user does, and delivers S3's event. */
  async drop(key: string, body: string, at: string): Promise<void> {
    await this.objects.put(key, body);
    const object = await this.objects.head(key);
    if (!object) throw new Error(`${key} was not written.`);
    const upload = { key, at, sequencer: '0055AED6DCD90281E5' };
    this.#events.push(s3EventOf(upload, object, LOCAL_BUCKET, this.aws.region));
  }

  /** Fires a scraper's schedule. */
  fire(scraper: string, at: string): void {
    this.#events.push({ kind: 'schedule', scraper, at } satisfies ScheduleEvent);
  }

  /** What runs now is in an endless loop: its time limit, which would end it, comes early. */
  endLoop(): void {
    const thread = this.#thread;
    setTimeout(() => void thread?.stop(), LOOP_MS);
  }

  /**
   * Runs invocations until the job has ended and nothing is left in the queues.
   *
   * @param hasEnded - as the last tick has it; asked when the queues are empty.
   * @throws {Error} if it does not end.
   */
  async run(hasEnded: () => boolean): Promise<void> {
    for (let n = 0; n < MAX_INVOCATIONS; n++) {
      if (this.#chance.random() < this.#chance.ticks) await this.#tick();
      await this.#sendEcho();
      const worked = (await this.#serveEvents()) || (await this.#serveQueues());
      if (!worked) {
        if (!this.#isIdle()) {
          aheadMs += 1_000;
          continue;
        }
        if (this.#echoes.length > 0) continue;
        const struck = this.proxy.struck;
        const ticked = await this.#tick();
        if (hasEnded()) return;
        // One tick is enough, unless a write of it was refused.
        if (ticked && this.proxy.struck === struck) throw new Error('The queues are empty and the job has not ended.');
      }
    }
    throw new Error(`The job has not ended after ${MAX_INVOCATIONS} invocations.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.stop();
    await this.proxy[Symbol.asyncDispose]();
    await this.aws.stop();
  }

  async #serveEvents(): Promise<boolean> {
    const pending = this.#events.shift();
    if (!pending) return false;
    const answer = await this.#invoke('enqueue', pending);
    // Lambda invokes again for an event whose function failed.
    if (!answer.ended || this.#chance.random() < this.#chance.duplicates) this.#events.push(pending);
    return true;
  }

  /** @returns whether report came to its end. */
  async #tick(): Promise<boolean> {
    const { ended } = await this.#invoke('report', { kind: 'tick' });
    if (ended) await this.onTick();
    return ended;
  }

  /** Sends an old message once more, now and then. */
  async #sendEcho(): Promise<void> {
    if (this.#echoes.length === 0 || this.#chance.random() < 0.8) return;
    const [echo] = this.#echoes.splice(Math.floor(this.#chance.random() * this.#echoes.length), 1);
    if (!echo) return;
    const { queue, message } = echo;
    const fifo = settings.queues[queue].fifo && {
      MessageGroupId: message.attributes['MessageGroupId'],
      MessageDeduplicationId: randomUUID(),
    };
    await this.#sqs.send(new SendMessageCommand({ QueueUrl: this.#queues[queue].url, MessageBody: message.body, ...fifo }));
  }

  async #serveQueues(): Promise<boolean> {
    const sources = settings.eventSources.toSorted(() => this.#chance.random() - 0.5);
    for (const source of sources) {
      const queue = this.#queues[source.queue];
      const messages = await queue.receive(source.batchSize, 0, AbortSignal.timeout(10_000));
      if (messages.length === 0) continue;
      const answer = await this.#invoke(source.function, sqsEventOf(messages, settings.queues[source.queue].name, this.aws.region));
      if (!answer.ended) this.#countDeaths(messages);
      const failed = answer.ended ? failedMessageIds(answer.answer, messages) : new Set(messages.map((m) => m.messageId));
      const done = messages.filter((m) => !failed.has(m.messageId) && this.#chance.random() >= this.#chance.duplicates);
      await queue.delete(done.map((m) => m.receiptHandle));
      for (const message of done) if (this.#chance.random() < this.#chance.duplicates) this.#echoes.push({ queue: source.queue, message });
      await this.#giveBack(
        source.queue,
        messages.filter((m) => !done.includes(m)),
      );
      return true;
    }
    return false;
  }

  /** Makes messages visible at once: their visibility timeout has passed. In memory the embedded SQS takes a timeout of 0. */
  async #giveBack(queue: QueueName, messages: readonly ReceivedMessage[]): Promise<void> {
    const inFlight = this.aws.server.inspectQueue(settings.queues[queue].name)?.messages.inflight ?? [];
    const known = new Set(inFlight.map((m) => m.receiptHandle));
    const QueueUrl = this.#queues[queue].url;
    // Last first, since each goes to the front of its lane.
    for (const { receiptHandle } of messages.toReversed()) {
      if (!known.has(receiptHandle)) continue;
      try {
        await this.#sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 }));
      } catch (error) {
        // A delete that the dead function had sent arrives only now.
        if (!(error instanceof MessageNotInflight)) throw error;
      }
    }
  }

  #countDeaths(messages: readonly ReceivedMessage[]): void {
    for (const { body } of messages) {
      const { id, count } = JSON.parse(body) as Partial<Batch>;
      if (id !== undefined && count === 1) this.deathsAlone.set(id, (this.deathsAlone.get(id) ?? 0) + 1);
    }
  }

  async #invoke(name: FunctionName, event: unknown): Promise<{ ended: true; answer: unknown } | { ended: false }> {
    const thread = (this.#thread ??= this.#startThread());
    try {
      return { ended: true, answer: await thread.invoke(name, { ...(event as object), aheadMs }) };
    } catch (error) {
      if (error instanceof FunctionFailure && error.kind === 'load') throw error;
      // Killed by the proxy, or by a page; or the handler threw, which Lambda treats alike.
      if (error instanceof FunctionFailure && error.kind !== 'thrown') this.deaths++;
      return { ended: false };
    }
  }

  #startThread(): FunctionThread {
    const config = (name: FunctionName) => ({
      module: this.#modules[name],
      memoryMb: 256,
      timeoutMs: settings.functions[name].timeoutSeconds * 1000,
    });
    const thread: FunctionThread = new FunctionThread({
      setup: { functions: { enqueue: config('enqueue'), scrape: config('scrape'), report: config('report') }, preload: [] },
      env: {},
      onOutput: () => {},
      onEnd: (ended) => {
        if (this.#thread === ended) this.#thread = undefined;
      },
    });
    thread.configure(this.#environment());
    return thread;
  }

  #environment(): Record<string, string> {
    // Everything that points at the embedded services points at the proxy instead, the queues' URLs included.
    const wiring = Object.entries(this.aws.environment).map(([k, v]) => [k, v.replace(this.aws.endpoint, this.proxy.url)]);
    return functionEnvironment(process.env, {
      ...(Object.fromEntries(wiring) as Record<string, string>),
      URLDROP_ALLOWED_NETWORKS: '*',
      URLDROP_MAX_WAIT_MS: '0',
      URLDROP_AWS_TIMEOUT_MS: '500',
      POWERTOOLS_LOG_LEVEL: 'SILENT',
    });
  }

  async #kill(): Promise<void> {
    await this.#thread?.stop();
  }

  #isIdle(): boolean {
    return settings.eventSources.every(({ queue }) => {
      const m = this.aws.server.inspectQueue(settings.queues[queue].name)?.messages;
      return !m || m.ready.length + m.delayed.length + m.inflight.length === 0;
    });
  }
}
