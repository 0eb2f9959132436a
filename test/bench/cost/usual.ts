import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from '../../../functions/aws/queue.ts';
import { createClients } from '../../../functions/aws/clients.ts';
import { sqsEventOf } from '../../../infra/local/sqs-event.ts';
import { Fleet } from './fleet.ts';
import { World, type Sample } from './replay.ts';
import type { Scenario } from './scenarios.ts';

/** Runs the usual crawler: a standard queue of URLs, one of them an invocation. */
export async function replayUsual(scenario: Scenario, bundle: string, memoryMb: number): Promise<Sample> {
  await using world = await World.start(scenario);
  const endpoint = world.environment['AWS_ENDPOINT_URL_SQS'] ?? '';
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const { sqs } = createClients(true, { endpoint, region: 'us-east-1', credentials });
  const before = await world.state();
  await new Queue(sqs, world.environment['URLDROP_POSTPONED_QUEUE_URL'] ?? '').send(world.urls.map((body) => ({ body })));
  sqs.destroy();
  await using fleet = await Fleet.start({ name: 'scrape', bundle, memoryMb, environments: scenario.environments, env: world.environment });
  const queue = world.queue('postponed');
  const running = new Set<Promise<void>>();
  for (let left = world.urls.length; left > 0 || running.size > 0;) {
    const messages = fleet.hasIdle && left > 0 ? await world.receive(queue, 1) : [];
    if (messages.length === 0) {
      await sleep(5);
      continue;
    }
    left--;
    const run = fleet
      .invoke(sqsEventOf(messages, 'urls', 'us-east-1'))
      .then(() => queue.delete(messages.map((m) => m.receiptHandle)))
      .finally(() => running.delete(run));
    running.add(run);
  }
  const after = await world.state();
  return {
    pages: world.urls.length,
    usage: {
      s3Writes: after.s3Writes - before.s3Writes,
      s3Reads: after.s3Reads - before.s3Reads,
      sqsRequests: after.sqsRequests - before.sqsRequests + world.received,
      gbSeconds: fleet.billed.gbSeconds,
    },
    invocations: fleet.billed.invocations,
    cpuMs: fleet.billed.cpuMs,
    peakRssMb: fleet.billed.peakRssMb,
    share: fleet.share,
  };
}
