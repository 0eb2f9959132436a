import type { FunctionName } from '../settings.ts';

/** How a function is run: what its Lambda configuration says on AWS. */
export interface FunctionConfig {
  /** URL of the module that exports `handler(event, context)`. */
  readonly module: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
}

/** What a worker thread is started with. */
export interface WorkerSetup {
  /** URLs of modules to load while the environment is still on its way; none of them may read it when it is loaded. */
  readonly preload: readonly string[];
}

export type ToWorker =
  /** The rest: functions and endpoints are known later than threads are started. No function is loaded before it. */
  | {
      readonly kind: 'environment';
      readonly env: Readonly<Record<string, string>>;
      readonly functions: Readonly<Record<FunctionName, FunctionConfig>>;
    }
  | { readonly kind: 'load'; readonly function: FunctionName }
  /** What is under way has only so long. */
  | { readonly kind: 'hasten'; readonly inMs: number }
  | { readonly kind: 'invoke'; readonly id: number; readonly function: FunctionName; readonly event: unknown; readonly requestId: string };

export type FromWorker =
  | { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: 'load' | 'thrown'; readonly message: string; readonly stack: string };

/**
 * Why an invocation gave no answer:
 * - `load`: the function's module cannot be loaded;
 * - `thrown`: the handler threw;
 * - `timeout`: it ran over the function's time, and its thread was ended;
 * - `died`: its thread ended (process.exit, out of memory, an uncaught error, another invocation's timeout);
 * - `stopped`: the local cloud was stopped.
 */
export type FailureKind = 'load' | 'thrown' | 'timeout' | 'died' | 'stopped';

export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
  readonly kind: FailureKind;
  readonly function: FunctionName;

  constructor(kind: FailureKind, fn: FunctionName, message: string, stack?: string) {
    super(message);
    this.kind = kind;
    this.function = fn;
    if (stack !== undefined) this.stack = stack;
  }
}
