import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

/** A command line, and what it adds to this process's environment. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a program took, all its processes together. */
export interface Measure {
  /** From start to exit, ms. */
  readonly wallMs: number;
  /** User and system time, ms. */
  readonly cpuMs: number;
  /** Sum of the peaks of resident memory of its processes, MB of a million bytes. */
  readonly peakRssMb: number;
  /** What of the time its processes' first threads took, ms: as of the last sample, {@link SAMPLE_MS} before the end at most. */
  readonly firstThreadsMs: number;
  /** What each of its worker threads (Node's) took, ms, the busiest first; likewise. */
  readonly workersMs: readonly number[];
}

const SAMPLE_MS = 50;
/** /proc counts CPU time in these (man 5 proc, USER_HZ). */
const TICK_MS = 10;
/** The shell waits for the program and says what it and its children used (POSIX `times`: the second line is the children's). */
const WRAPPER = '"$@"; code=$?; times >&3; exit $code';

/**
 * Runs a program to its end. Linux only: memory is read from /proc.
 *
 * @throws {Error} with what it printed, if it ends with another code than 0.
 */
export async function runProgram({ command, args, cwd, env }: Program): Promise<Measure> {
  const startedMs = performance.now();
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'sh', command, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const samples = new Map<number, Sample>();
  const workers = new Map<string, number>();
  const sampler = setInterval(() => sample(child.pid ?? 0, samples, workers), SAMPLE_MS);
  const [times, stdout, stderr, [code]] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  const wallMs = performance.now() - startedMs;
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout.slice(-2_000)}${stderr.slice(-2_000)}`);
  // The shell's own counts for nothing.
  samples.delete(child.pid ?? 0);
  const sum = (part: keyof Sample) => [...samples.values()].reduce((total, s) => total + s[part], 0);
  return {
    wallMs,
    cpuMs: cpuMsOf(times),
    peakRssMb: sum('peakKib') * 1.024e-3,
    firstThreadsMs: sum('firstThreadTicks') * TICK_MS,
    workersMs: [...workers.values()].map((ticks) => ticks * TICK_MS).toSorted((a, b) => b - a),
  };
}

/** `0m1.234s 0m0.567s` of the children, as ms. */
function cpuMsOf(times: string): number {
  const [, children = ''] = times.trim().split('\n');
  return Array.from(children.matchAll(/(\d+)m([\d.]+)s/g), ([, m, s]) => (Number(m) * 60 + Number(s)) * 1_000).reduce((a, b) => a + b, 0);
}

interface Sample {
  readonly peakKib: number;
  readonly firstThreadTicks: number;
}

/** Notes what a process and all below it have taken so far. */
function sample(pid: number, samples: Map<number, Sample>, workers: Map<string, number>): void {
  try {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (peak !== undefined) samples.set(pid, { peakKib: Number(peak), firstThreadTicks: threadOf(pid, String(pid)).ticks });
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const { name, ticks } = threadOf(pid, thread);
      if (name === 'WorkerThread') workers.set(thread, ticks);
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean);
      for (const child of children) sample(Number(child), samples, workers);
    }
  } catch {
    // It has ended meanwhile.
  }
}

/** Name and CPU time of a thread (man 5 proc, /proc/pid/stat): behind the name, which may hold anything, the 12th and 13th are its times. */
function threadOf(pid: number, thread: string): { readonly name: string; readonly ticks: number } {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
  const end = stat.lastIndexOf(')');
  const times = stat
    .slice(end + 2)
    .split(' ')
    .slice(11, 13);
  return { name: stat.slice(stat.indexOf('(') + 1, end), ticks: times.reduce((sum, ticks) => sum + Number(ticks), 0) };
}
