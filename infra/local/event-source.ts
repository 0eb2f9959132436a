import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedMessage, SourceQueue } from '../../functions/aws/source-queue.ts';
import type { FunctionName } from '../settings.ts';
import { FunctionFailure } from './function-messages.ts';
import type { FunctionPool } from './function-pool.ts';
import type { OnProblem } from './problem.ts';
import { failedMessageIds, sqsEventOf } from './sqs-event.ts';

/** Longest wait that SQS allows for one receive (AWS SQS quotas). */
const LONG_POLL_SECONDS = 20;
const PAUSE_AFTER_ERROR_MS = 1_000;
/** When the messages of a thread that died are back. Not 0: see `SourceQueue.giveBack`. */
const GIVE_BACK_SECONDS = 1;

export interface EventSourceOptions {
  readonly queue: SourceQueue;
  readonly queueName: string;
  readonly region: string;
  readonly function: FunctionName;
  readonly batchSize: number;
  /** Invocations under way at most; splitting a receive may exceed it by the parts of one. */
  readonly maxConcurrency: number;
  readonly pool: FunctionPool;
  readonly onProblem: OnProblem;
  /** An invocation begins. */
  readonly onStart: () => void;
  /** It has ended; what the function has not deleted itself is deleted after this. */
  readonly onEnd: () => void;
}

/**
 * One event source mapping: receives from a queue, invokes a function, deletes what it is done with. sqs-consumer does not fit: a
 * consumer waits for its handler before it receives again, so a hundred invocations would be a hundred consumers and
 * long polls, and none of them would know which thread is idle.
 */
export class EventSource {
  readonly #o: EventSourceOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();
  /** Wakes the loop where it waits for an invocation to end. */
  #wake: () => void = () => {};

  constructor(options: EventSourceOptions) {
    this.#o = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Receives no more. Resolves when the invocations under way have ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    const { queue, batchSize, maxConcurrency, onProblem } = this.#o;
    while (!this.#stop.signal.aborted) {
      if (this.#running.size >= maxConcurrency) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        const messages = await queue.receive(batchSize, LONG_POLL_SECONDS, this.#stop.signal);
        for (const part of this.#parts(messages)) this.#launch(part.messages, part.alone);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        onProblem({ kind: 'service', error });
        await sleep(PAUSE_AFTER_ERROR_MS);
      }
    }
  }

  /**
   * Fresh messages are dealt out over the idle threads, so that no core waits while another has two lanes. Each message that has
   * come back runs alone: a function may have died on it.
   */
  #parts(messages: readonly ReceivedMessage[]): { messages: ReceivedMessage[]; alone: boolean }[] {
    const fresh = messages.filter((m) => m.attributes['ApproximateReceiveCount'] === '1');
    const back = messages.filter((m) => m.attributes['ApproximateReceiveCount'] !== '1');
    const count = Math.min(fresh.length, Math.max(1, this.#o.pool.idle(this.#o.function)));
    const parts = Array.from({ length: count }, (_, i) => ({ messages: fresh.filter((_m, at) => at % count === i), alone: false }));
    return [...parts, ...back.map((m) => ({ messages: [m], alone: true }))];
  }

  #launch(messages: readonly ReceivedMessage[], alone: boolean): void {
    const run = this.#invoke(messages, alone).finally(() => {
      this.#running.delete(run);
      this.#wake();
    });
    this.#running.add(run);
  }

  async #invoke(messages: readonly ReceivedMessage[], alone: boolean): Promise<void> {
    const { pool, queue, queueName, region, onStart, onEnd, onProblem } = this.#o;
    const event = sqsEventOf(messages, queueName, region);
    const group = messages[0]?.attributes['MessageGroupId'];
    let answer: unknown;
    onStart();
    try {
      try {
        answer = await (alone ? pool.invokeAlone(this.#o.function, event) : pool.invoke(this.#o.function, event, group));
      } finally {
        onEnd();
      }
      const failed = failedMessageIds(answer, messages);
      // What failed stays invisible as long as the queue or the handler itself says, as on AWS.
      await queue.delete(messages.filter((m) => !failed.has(m.messageId)).map((m) => m.receiptHandle));
    } catch (error) {
      if (!(error instanceof FunctionFailure)) {
        onProblem({ kind: 'service', error });
        return;
      }
      // A stopped cloud makes all messages visible when it starts again.
      if (error.kind === 'stopped') return;
      onProblem({ kind: 'function', failure: error });
      const handles = messages.map((m) => m.receiptHandle);
      await queue.giveBack(handles, GIVE_BACK_SECONDS).catch((cause: unknown) => onProblem({ kind: 'service', error: cause }));
    }
  }
}
