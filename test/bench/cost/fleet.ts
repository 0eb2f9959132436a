import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { settings, type FunctionName } from '../../../infra/settings.ts';
import { ask, endChild, startChild } from './children.ts';
import { shareOf, type CpuShare } from './cpu-share.ts';
import type { Invoked } from './environment.ts';

/** What a function's invocations took so far. */
export interface Billed {
  invocations: number;
  gbSeconds: number;
  cpuMs: number;
  peakRssMb: number;
}

export interface FunctionSetup {
  readonly name: FunctionName;
  /** Folder with `index.mjs`. */
  readonly bundle: string;
  readonly memoryMb: number;
  readonly environments: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Execution environments of one function: each a process with as much CPU as its memory brings. */
export class Fleet implements AsyncDisposable {
  readonly billed: Billed = { invocations: 0, gbSeconds: 0, cpuMs: 0, peakRssMb: 0 };
  readonly share: string;
  readonly #setup: FunctionSetup;
  readonly #all: ChildProcess[];
  readonly #idle: ChildProcess[];
  readonly #shares: CpuShare[];

  private constructor(setup: FunctionSetup, children: ChildProcess[], shares: CpuShare[]) {
    this.#setup = setup;
    this.#all = children;
    this.#idle = [...children];
    this.#shares = shares;
    this.share = shares[0]?.name ?? '';
  }

  static async start(setup: FunctionSetup): Promise<Fleet> {
    const { name, memoryMb, environments, env, bundle } = setup;
    const children = Array.from({ length: environments }, () =>
      startChild('environment.ts', {
        env: {
          ...env,
          BENCH_BUNDLE: join(bundle, 'index.mjs'),
          AWS_LAMBDA_FUNCTION_NAME: name,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        },
        // As the runtime on AWS does, the heap leaves room for what lies beside it.
        execArgv: [`--max-heap-size=${Math.floor(memoryMb * 0.75)}`],
      }),
    );
    await Promise.all(children.map((child) => ask(child)));
    const shares = children.map((child, i) => {
      const share = shareOf(memoryMb, `${name}-${i}`);
      share.add(child.pid ?? 0);
      return share;
    });
    return new Fleet(setup, children, shares);
  }

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  get isIdle(): boolean {
    return this.#idle.length === this.#all.length;
  }

  /** Runs an invocation on an idle environment. @returns what the handler answered. */
  async invoke(event: unknown): Promise<unknown> {
    const child = this.#idle.pop();
    if (!child) throw new Error(`Every environment of ${this.#setup.name} is busy.`);
    const timeoutMs = settings.functions[this.#setup.name].timeoutSeconds * 1_000;
    const { answer, billedMs, cpuMs, peakRssMb } = await ask<Invoked>(child, { event, timeoutMs });
    this.#idle.push(child);
    this.billed.invocations++;
    this.billed.gbSeconds += (billedMs / 1_000) * (this.#setup.memoryMb / 1_024);
    this.billed.cpuMs += cpuMs;
    this.billed.peakRssMb = Math.max(this.billed.peakRssMb, peakRssMb);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map(endChild));
    for (const share of this.#shares) share.close();
  }
}
