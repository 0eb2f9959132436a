import { createClients } from '../../../functions/aws/clients.ts';
import { ObjectStore } from '../../../functions/aws/objects.ts';
import { SourceQueue, type ReceivedMessage } from '../../../functions/aws/source-queue.ts';
import type { Outcome, Usage } from '../../../functions/job/outcome.ts';
import { prefixes } from '../../../functions/job/keys.ts';
import { LOCAL_BUCKET } from '../../../infra/local/embedded-aws.ts';
import { s3EventOf } from '../../../infra/local/s3-event.ts';
import { failedMessageIds, sqsEventOf } from '../../../infra/local/sqs-event.ts';
import { settings, type FunctionName } from '../../../infra/settings.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, endChild, startChild } from './children.ts';
import type { CloudState } from './cloud-process.ts';
import { Fleet } from './fleet.ts';
import { hostAddress } from './hosts.ts';
import type { Scenario } from './scenarios.ts';

/** What a scenario took, for the pages of its sample. */
export interface Sample {
  readonly pages: number;
  readonly usage: Usage;
  readonly invocations: number;
  /** CPU time of scrape. */
  readonly cpuMs: number;
  readonly peakRssMb: number;
  /** How functions were held to their share of a core. */
  readonly share: string;
}

export interface Replay {
  readonly scenario: Scenario;
  /** Folder of the functions' bundles. */
  readonly bundles: string;
  readonly scrapeMemoryMb: number;
  readonly sliceMs: number;
  readonly batchSize: number;
}

const JOB = 'cost';
/** One SQS request is billed per 64 KiB. */
const SQS_UNIT = 65_536;
const POLL_MS = 50;

/** The web and the cloud of one run. */
export class World implements AsyncDisposable {
  readonly objects: ObjectStore;
  readonly environment: Readonly<Record<string, string>>;
  readonly urls: readonly string[];
  readonly #web;
  readonly #cloud;
  readonly #sqs;
  /** Receives that brought something, as billed. */
  received = 0;

  private constructor(
    web: ReturnType<typeof startChild>,
    cloud: ReturnType<typeof startChild>,
    environment: Record<string, string>,
    urls: string[],
  ) {
    this.#web = web;
    this.#cloud = cloud;
    this.environment = environment;
    this.urls = urls;
    const endpoint = environment['AWS_ENDPOINT_URL_S3'] ?? '';
    const { s3, sqs } = createClients(true, {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    this.objects = new ObjectStore(s3, LOCAL_BUCKET);
    this.#sqs = sqs;
  }

  static async start({ hosts, pagesPerHost }: Scenario): Promise<World> {
    const web = startChild('web-process.ts');
    const cloud = startChild('cloud-process.ts');
    const [port, environment] = await Promise.all([ask<number>(web, hosts), ask<Record<string, string>>(cloud)]);
    const urls = Array.from(
      { length: hosts * pagesPerHost },
      (_, i) => `http://${hostAddress(i % hosts)}:${port}/${Math.floor(i / hosts)}`,
    );
    return new World(web, cloud, environment, urls);
  }

  state(): Promise<CloudState> {
    return ask<CloudState>(this.#cloud, {});
  }

  queue(name: 'requests' | 'postponed'): SourceQueue {
    return new SourceQueue(this.#sqs, this.environment[`URLDROP_${name.toUpperCase()}_QUEUE_URL`] ?? '');
  }

  async receive(queue: SourceQueue, max: number): Promise<ReceivedMessage[]> {
    const messages = await queue.receive(max, 0, AbortSignal.timeout(10_000));
    const bytes = messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    if (messages.length > 0) this.received += Math.ceil(bytes / SQS_UNIT);
    return messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sqs.destroy();
    await Promise.all([endChild(this.#web), endChild(this.#cloud)]);
  }
}

/** Runs a scenario with the functions as they are deployed. */
export async function replay({ scenario, bundles, scrapeMemoryMb, sliceMs, batchSize }: Replay): Promise<Sample> {
  await using world = await World.start(scenario);
  const env = {
    ...world.environment,
    URLDROP_ALLOWED_NETWORKS: '*',
    URLDROP_SLICE_MS: String(sliceMs),
    URLDROP_USER_AGENT: 'urldrop-bench',
  };
  const start = (name: FunctionName, memoryMb: number, environments: number) =>
    Fleet.start({ name, memoryMb, environments, env, bundle: `${bundles}/${name}` });
  await using enqueue = await start('enqueue', settings.functions.enqueue.memoryMb, 1);
  await using scrape = await start('scrape', scrapeMemoryMb, scenario.environments);
  await using report = await start('report', settings.functions.report.memoryMb, 1);

  const before = await world.state();
  await drop(world, scenario, enqueue);
  const enqueued = minus(await world.state(), before);
  const enqueuedGbSeconds = enqueue.billed.gbSeconds;
  await serveQueues(world, scenario, { scrape, enqueue, batchSize });
  await report.invoke({ kind: 'tick' });
  const worked = minus(minus(await world.state(), before), enqueued);

  const pages = await pagesOf(world);
  // Enqueue has sent all of the job, of which a slice has worked a part.
  const part = pages / world.urls.length;
  return {
    pages,
    usage: {
      s3Writes: worked.s3Writes + part * enqueued.s3Writes,
      s3Reads: worked.s3Reads + part * enqueued.s3Reads,
      sqsRequests: worked.sqsRequests + world.received + part * enqueued.sqsRequests,
      gbSeconds:
        scrape.billed.gbSeconds + report.billed.gbSeconds + enqueue.billed.gbSeconds - enqueuedGbSeconds + part * enqueuedGbSeconds,
    },
    invocations: scrape.billed.invocations + enqueue.billed.invocations,
    cpuMs: scrape.billed.cpuMs,
    peakRssMb: scrape.billed.peakRssMb,
    share: scrape.share,
  };
}

/** Drops the job as a user does. */
async function drop({ objects, urls }: World, { concurrency, delayMs }: Scenario, enqueue: Fleet): Promise<void> {
  await objects.put(`jobs/${JOB}/input/urls.txt`, urls.join('\n'));
  const key = `urls/overview/${JOB}.job.json`;
  const options = { concurrency, delay: delayMs };
  await objects.putJson(key, { job: JOB, scraper: 'overview', input: `jobs/${JOB}/input/urls.txt`, options });
  const object = await objects.head(key);
  if (!object) throw new Error(`${key} was not written.`);
  const upload = { key, at: new Date().toISOString(), eventName: 'ObjectCreated:Put' as const, sequencer: '0055AED6DCD90281E5' };
  await enqueue.invoke(s3EventOf(upload, object, LOCAL_BUCKET, 'us-east-1'));
}

/** Stands in for Lambda's event sources until the queues are empty, or every environment has had its invocation. */
async function serveQueues(
  world: World,
  { environments, isOneSlice }: Scenario,
  { scrape, enqueue, batchSize }: { scrape: Fleet; enqueue: Fleet; batchSize: number },
): Promise<void> {
  const requests = world.queue('requests');
  const postponed = world.queue('postponed');
  const running = new Set<Promise<void>>();
  let failure: unknown;
  const launch = (fleet: Fleet, queue: SourceQueue, name: string, messages: readonly ReceivedMessage[]) => {
    const run = fleet
      .invoke(sqsEventOf(messages, name, 'us-east-1'))
      .then((answer) => {
        const failed = failedMessageIds(answer, messages);
        return queue.delete(messages.filter((m) => !failed.has(m.messageId)).map((m) => m.receiptHandle));
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => running.delete(run));
    running.add(run);
  };
  let launched = 0;
  for (;;) {
    if (failure !== undefined) throw failure;
    if (enqueue.hasIdle) {
      const due = await world.receive(postponed, settings.eventSources[1].batchSize);
      if (due.length > 0) launch(enqueue, postponed, settings.queues.postponed.name, due);
    }
    const mayLaunch = scrape.hasIdle && (!isOneSlice || launched < environments);
    const messages = mayLaunch ? await world.receive(requests, batchSize) : [];
    if (messages.length > 0) {
      launched++;
      launch(scrape, requests, settings.queues.requests.name, messages);
      continue;
    }
    if (running.size === 0 && (isOneSlice ? launched >= environments : (await world.state()).messages === 0)) return;
    await sleep(POLL_MS);
  }
}

async function pagesOf({ objects }: World): Promise<number> {
  let pages = 0;
  for await (const { key } of objects.list(prefixes.outcomes(JOB))) {
    const outcome = await objects.getJson<Outcome>(key);
    if (outcome && outcome.failed > 0) throw new Error(`Requests failed: ${JSON.stringify(outcome.errors)}`);
    pages += outcome?.succeeded ?? 0;
  }
  return pages;
}

function minus(a: CloudState, b: CloudState): CloudState {
  return {
    s3Writes: a.s3Writes - b.s3Writes,
    s3Reads: a.s3Reads - b.s3Reads,
    sqsRequests: a.sqsRequests - b.sqsRequests,
    messages: a.messages,
  };
}
