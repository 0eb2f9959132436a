import type { OutgoingMessage, Queue } from '../aws/queue.ts';

/** SendMessageBatch takes ten (AWS SQS quotas). */
const MESSAGES_PER_CALL = 10;
/** With 20 ms a call, 4,000 messages a second. */
const CALLS_IN_FLIGHT = 8;
/** Message bytes in flight: each exists several times on its way. */
const BYTES_IN_FLIGHT = 1024 * 1024;

/**
 * Sends messages as they come, several calls at a time. Messages of one group may overtake each other unless {@link drain} stands
 * between them.
 */
export class MessageSender {
  readonly #queue: Queue;
  readonly #calls = new Set<Promise<void>>();
  #waiting: OutgoingMessage[] = [];
  #bytesInFlight = 0;
  #failure: unknown;
  sent = 0;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** @returns a promise where the caller has to wait. */
  send(message: OutgoingMessage): Promise<void> | undefined {
    this.sent++;
    this.#waiting.push(message);
    return this.#waiting.length < MESSAGES_PER_CALL ? undefined : this.#call();
  }

  /** @throws what SQS answered, if a message could not be sent; the others have been. */
  async drain(): Promise<void> {
    if (this.#waiting.length > 0) await this.#call();
    await Promise.all(this.#calls);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #call(): Promise<void> {
    const messages = this.#waiting;
    this.#waiting = [];
    const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
    while (this.#calls.size >= CALLS_IN_FLIGHT || (this.#calls.size > 0 && this.#bytesInFlight + bytes > BYTES_IN_FLIGHT))
      await Promise.race(this.#calls);
    if (this.#failure !== undefined) throw this.#failure;
    this.#bytesInFlight += bytes;
    const call = this.#deliver(messages).finally(() => {
      this.#bytesInFlight -= bytes;
      this.#calls.delete(call);
    });
    this.#calls.add(call);
  }

  async #deliver(messages: readonly OutgoingMessage[]): Promise<void> {
    try {
      await this.#queue.send(messages);
    } catch (error) {
      // Told to whoever sends next, or drains.
      this.#failure ??= error;
    }
  }
}
