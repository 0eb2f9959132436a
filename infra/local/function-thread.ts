import { randomUUID } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import type { FunctionName } from '../settings.ts';
import { FunctionFailure, type FromWorker, type FunctionConfig, type ToWorker } from './function-messages.ts';
import { startWorker, takeSpareWorker } from './worker-thread.ts';

interface Running {
  readonly function: FunctionName;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: FunctionFailure) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a thread is for. */
export interface ThreadSetup {
  readonly functions: Readonly<Record<FunctionName, FunctionConfig>>;
  /** URLs of modules to load while the environment is still on its way; none of them may read it when it is loaded. */
  readonly preload: readonly string[];
}

export interface ThreadOptions {
  readonly setup: ThreadSetup;
  /** The environment known when the thread is started. */
  readonly env: Readonly<Record<string, string>>;
  /** What the functions print. */
  readonly onOutput: (text: Buffer) => void;
  /** The thread ends: it takes no more invocations, and those on it are about to be rejected. Called once. */
  readonly onEnd: (thread: FunctionThread) => void;
}

/** One worker thread and the invocations on it. When it ends, for whatever reason, each of them is rejected at once. */
export class FunctionThread {
  readonly #worker: Worker;
  readonly #setup: ThreadSetup;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running = new Map<number, Running>();
  readonly #known = new Set<FunctionName>();
  #nextId = 0;
  /** Set by whoever ends the thread on purpose: which invocation is to blame, and what the others hear. */
  #culprit: number | undefined;
  #cause: string | undefined;
  #isStopped = false;
  #onEnd: (() => void) | undefined;

  constructor({ setup, env, onOutput, onEnd }: ThreadOptions) {
    this.#setup = setup;
    this.#onEnd = () => onEnd(this);
    this.#env = env;
    const memoryMb = Math.max(...Object.values(setup.functions).map((f) => f.memoryMb));
    this.#worker = takeSpareWorker(memoryMb) ?? startWorker({ preload: setup.preload }, env, memoryMb);
    this.#worker.stdout.on('data', onOutput);
    this.#worker.stderr.on('data', onOutput);
    this.#worker.on('message', (message: FromWorker) => this.#settle(message));
    this.#worker.on('error', (error) => {
      this.#cause ??= error instanceof Error ? error.message : String(error);
      this.#announceEnd();
    });
    this.#worker.on('exit', (code) => {
      this.#cause ??= `its thread exited with code ${code}`;
      this.#announceEnd();
      this.#rejectAll();
    });
  }

  /** Invocations under way, of one function or of all. */
  load(name?: FunctionName): number {
    if (name === undefined) return this.#running.size;
    let count = 0;
    for (const r of this.#running.values()) if (r.function === name) count++;
    return count;
  }

  /** Whether it has loaded a function, or is about to. */
  knows(name: FunctionName): boolean {
    return this.#known.has(name);
  }

  /** Gives the thread the rest of its environment; what it was asked before waits for this. */
  configure(env: Readonly<Record<string, string>>): void {
    this.#post({ kind: 'environment', env: { ...this.#env, ...env }, functions: this.#setup.functions });
  }

  /** Tells the invocations under way that they have only so long. */
  hasten(inMs: number): void {
    this.#post({ kind: 'hasten', inMs });
  }

  /** Loads a function's module before it is needed. */
  preload(name: FunctionName): void {
    if (this.#known.has(name)) return;
    this.#known.add(name);
    this.#post({ kind: 'load', function: name });
  }

  /** @throws {FunctionFailure} */
  invoke(name: FunctionName, event: unknown): Promise<unknown> {
    const id = this.#nextId++;
    this.#known.add(name);
    const { timeoutMs } = this.#setup.functions[name];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(id, `another invocation on its thread ran over the time of ${name}`), timeoutMs);
      this.#running.set(id, { function: name, resolve, reject, timer });
      this.#post({ kind: 'invoke', id, function: name, event, requestId: randomUUID() });
    });
  }

  /** Ends the thread at once; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#announceEnd();
    await this.#worker.terminate();
  }

  #post(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage(message);
  }

  #end(culprit: number, cause: string): void {
    this.#culprit = culprit;
    this.#cause = cause;
    this.#announceEnd();
    void this.#worker.terminate();
  }

  #settle(message: FromWorker): void {
    const running = this.#running.get(message.id);
    if (!running) return;
    this.#running.delete(message.id);
    clearTimeout(running.timer);
    if (message.kind === 'done') running.resolve(message.answer);
    else running.reject(new FunctionFailure(message.failure, running.function, message.message, message.stack));
  }

  #announceEnd(): void {
    this.#onEnd?.();
    this.#onEnd = undefined;
  }

  #rejectAll(): void {
    for (const [id, { function: name, reject, timer }] of this.#running) {
      clearTimeout(timer);
      if (this.#isStopped) reject(new FunctionFailure('stopped', name, 'the local cloud was stopped'));
      else if (id === this.#culprit)
        reject(new FunctionFailure('timeout', name, `it ran for more than ${this.#setup.functions[name].timeoutMs / 1000} s`));
      else reject(new FunctionFailure('died', name, this.#cause ?? 'its thread ended'));
    }
    this.#running.clear();
  }
}
