import type { FunctionName } from '../settings.ts';
import { FunctionFailure } from './function-messages.ts';
import { FunctionThread, type ThreadSetup } from './function-thread.ts';

export interface PoolOptions {
  readonly setup: ThreadSetup;
  /** Threads for ordinary invocations, at least 1; each is started when it is needed. */
  readonly threads: number;
  /** The functions' environment as far as it is known; {@link FunctionPool.configure} gives the rest. */
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (text: Buffer) => void;
}

/** Groups whose thread is remembered. */
const MAX_GROUPS = 1_000;

interface Waiting {
  readonly function: FunctionName;
  readonly event: unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: unknown) => void;
}

/**
 * Runs the functions as Lambda would: in environments that stay loaded, any number of invocations. Not Piscina: ending one task
 * there spares no other task of its thread from being lost without a word, and it knows no task that must have a thread to itself.
 */
export class FunctionPool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<FunctionThread>();
  /** Threads of the invocations that must not share one: as many again, and only while there are such. */
  readonly #lone = new Set<FunctionThread>();
  readonly #waiting: Waiting[] = [];
  /** Where a group's last event went, those of late last. */
  readonly #threadOfGroup = new Map<string, FunctionThread>();
  #wiring: Readonly<Record<string, string>> | undefined;
  #stopped: Promise<unknown> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Starts threads and loads functions into them before they are needed. */
  warm(threads: number, ...names: readonly FunctionName[]): void {
    while (this.#threads.size < Math.min(threads, this.#options.threads)) this.#start();
    for (const thread of this.#threads) for (const name of names) thread.preload(name);
  }

  /** Endpoints and queues: until this is called, threads get ready and run nothing. */
  configure(wiring: Readonly<Record<string, string>>): void {
    this.#wiring = wiring;
    for (const thread of this.#threads) thread.configure(wiring);
  }

  /** Threads without an invocation of this function, those not started included: as many parts can run at once for real. */
  idle(name: FunctionName): number {
    let idle = this.#options.threads - this.#threads.size;
    for (const thread of this.#threads) if (thread.load(name) === 0) idle++;
    return idle;
  }

  /**
   * @param group - FIFO message group that the event is of: it goes on where its last one was handled, which has the connections.
   * @throws {FunctionFailure}
   */
  invoke(name: FunctionName, event: unknown, group?: string): Promise<unknown> {
    if (this.#stopped) return Promise.reject(new FunctionFailure('stopped', name, 'the local cloud was stopped'));
    const thread = this.#threadFor(name, group === undefined ? undefined : this.#threadOfGroup.get(group));
    if (group !== undefined) this.#note(group, thread);
    return thread.invoke(name, event);
  }

  /**
   * Runs an invocation on a thread that nothing else is on: for what may have killed a thread before. On Lambda no two
   * invocations share an environment; here a killer would take its neighbours with it.
   *
   * @throws {FunctionFailure}
   */
  invokeAlone(name: FunctionName, event: unknown): Promise<unknown> {
    if (this.#stopped) return Promise.reject(new FunctionFailure('stopped', name, 'the local cloud was stopped'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ function: name, event, resolve, reject });
      this.#nextAlone();
    });
  }

  /** Tells the invocations under way that they have only so long. */
  hasten(inMs: number): void {
    for (const thread of [...this.#threads, ...this.#lone]) thread.hasten(inMs);
  }

  /** Ends the threads that nothing runs on. */
  stopIdle(): void {
    for (const thread of [...this.#threads, ...this.#lone]) if (thread.load() === 0) void thread.stop();
  }

  /** Ends every thread at once; what runs on them is rejected with `stopped`. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  #stop(): Promise<unknown> {
    for (const w of this.#waiting.splice(0)) w.reject(new FunctionFailure('stopped', w.function, 'the local cloud was stopped'));
    return Promise.all([...this.#threads, ...this.#lone].map((t) => t.stop()));
  }

  #start(threads = this.#threads): FunctionThread {
    const thread = new FunctionThread({ ...this.#options, onEnd: (t) => threads.delete(t) });
    threads.add(thread);
    if (this.#wiring) thread.configure(this.#wiring);
    return thread;
  }

  /** The thread with the least of a function to do; a new one rather than a second invocation of a function on a thread. */
  #threadFor(name: FunctionName, last: FunctionThread | undefined): FunctionThread {
    let best: FunctionThread | undefined;
    for (const thread of this.#threads) if (!best || suitsBetter(thread, best, name, last)) best = thread;
    if (!best || (loadOf(best, name, last) > 0 && this.#threads.size < this.#options.threads)) return this.#start();
    return best;
  }

  #note(group: string, thread: FunctionThread): void {
    this.#threadOfGroup.delete(group);
    this.#threadOfGroup.set(group, thread);
    if (this.#threadOfGroup.size <= MAX_GROUPS) return;
    const [oldest = group] = this.#threadOfGroup.keys();
    this.#threadOfGroup.delete(oldest);
  }

  #nextAlone(): void {
    const idle = [...this.#lone].find((t) => t.load() === 0);
    if (!idle && this.#lone.size >= this.#options.threads) return;
    const next = this.#waiting.shift();
    if (!next) {
      void idle?.stop();
      return;
    }
    (idle ?? this.#start(this.#lone))
      .invoke(next.function, next.event)
      .then(next.resolve, next.reject)
      .finally(() => this.#nextAlone());
  }
}

/**
 * Invocations of one function are dealt out evenly, whatever else a thread does: two lanes of a host must not meet on one thread because
 * their enqueue has not quite ended on the other. Of threads alike in this, that of the group's last event has its connections, and one
 * that has loaded the function saves loading it twice.
 */
function suitsBetter(a: FunctionThread, b: FunctionThread, name: FunctionName, last: FunctionThread | undefined): boolean {
  const order =
    loadOf(a, name, last) - loadOf(b, name, last) ||
    Number(b === last) - Number(a === last) ||
    Number(b.knows(name)) - Number(a.knows(name)) ||
    a.load() - b.load();
  return order < 0;
}

/**
 * A FIFO queue gives a group's next message out when the one before is deleted. So that is as good as done, though its thread has not
 * said so yet: counted still, it would send the next slice of one lane to the thread that has the other.
 */
function loadOf(thread: FunctionThread, name: FunctionName, last: FunctionThread | undefined): number {
  return Math.max(0, thread.load(name) - (thread === last ? 1 : 0));
}
