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
}

const SAMPLE_MS = 50;
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
  const peaks = new Map<number, number>();
  const sampler = setInterval(() => samplePeaks(child.pid ?? 0, peaks), SAMPLE_MS);
  const [times, stdout, stderr, [code]] = await Promise.all([
    text(child.stdio[3] as Readable),
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  const wallMs = performance.now() - startedMs;
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout.slice(-2_000)}${stderr.slice(-2_000)}`);
  // The shell's own peak counts for nothing.
  peaks.delete(child.pid ?? 0);
  const peakRssMb = [...peaks.values()].reduce((sum, kib) => sum + kib, 0) * 1.024e-3;
  return { wallMs, cpuMs: cpuMsOf(times), peakRssMb };
}

/** `0m1.234s 0m0.567s` of the children, as ms. */
function cpuMsOf(times: string): number {
  const [, children = ''] = times.trim().split('\n');
  return Array.from(children.matchAll(/(\d+)m([\d.]+)s/g), ([, m, s]) => (Number(m) * 60 + Number(s)) * 1_000).reduce((a, b) => a + b, 0);
}

/** Notes the peak so far of a process and of all below it, kB. */
function samplePeaks(pid: number, peaks: Map<number, number>): void {
  try {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (peak !== undefined) peaks.set(pid, Number(peak));
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean);
      for (const child of children) samplePeaks(Number(child), peaks);
    }
  } catch {
    // It has ended meanwhile.
  }
}
