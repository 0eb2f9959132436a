import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lambda gives one vCPU at 1,769 MB, and less in proportion (AWS Lambda developer guide, "Memory"). */
export const MB_PER_VCPU = 1_769;

/** Holds processes to a share of a core. */
export interface CpuShare {
  /** How it is done, for the report. */
  readonly name: string;
  add(pid: number): void;
  close(): void;
}

const PERIOD_US = 20_000;

/** By a cgroup where one may be made, else by stopping and continuing the process in turn. */
export function shareOf(memoryMb: number, label: string): CpuShare {
  const share = Math.min(1, memoryMb / MB_PER_VCPU);
  return cgroup(share, label) ?? stopAndGo(share);
}

function cgroup(share: number, label: string): CpuShare | undefined {
  const quotaUs = Math.round(share * PERIOD_US);
  const v1 = { root: '/sys/fs/cgroup/cpu', limits: { 'cpu.cfs_period_us': String(PERIOD_US), 'cpu.cfs_quota_us': String(quotaUs) } };
  const v2 = { root: '/sys/fs/cgroup', limits: { 'cpu.max': `${quotaUs} ${PERIOD_US}` } };
  for (const { root, limits } of [v1, v2]) {
    const folder = join(root, `urldrop-bench-${process.pid}-${label}`);
    try {
      mkdirSync(folder);
      for (const [file, value] of Object.entries(limits)) writeFileSync(join(folder, file), value);
    } catch {
      // Not ours to write, or another version of cgroups.
      remove(folder);
      continue;
    }
    return {
      name: `cgroup quota of ${share.toFixed(3)} CPU, period ${PERIOD_US / 1_000} ms`,
      add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
      // A group can go when its processes have.
      close: () => remove(folder),
    };
  }
  return undefined;
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was not made, or a process is on its way out of it: an empty group costs nothing.
  }
}

/** Stops a process for as long as it has been over its share: what it used is read from /proc, in ticks of 10 ms. */
function stopAndGo(share: number): CpuShare {
  const timers: NodeJS.Timeout[] = [];
  return {
    name: `SIGSTOP and SIGCONT at ${share.toFixed(3)} CPU`,
    add(pid) {
      const startedMs = performance.now();
      const atStartMs = usedMs(pid);
      let isStopped = false;
      timers.push(
        setInterval(() => {
          const isOver = usedMs(pid) - atStartMs > (performance.now() - startedMs) * share;
          if (isOver !== isStopped) signal(pid, isOver ? 'SIGSTOP' : 'SIGCONT');
          isStopped = isOver;
        }, PERIOD_US / 2_000),
      );
    },
    close() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function usedMs(pid: number): number {
  try {
    // Fields 14 and 15 of proc(5)'s stat; the name before them may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
