/**
 * Measures the functions' bundles: `node test/bench/bundle.ts [--runs 15]`. Size, what the bytes are, and the time from a bare Node
 * process to the handler (CPU time as well: it does not grow with the load of the machine, and on Lambda it is what a cold start is made of).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundleFunctions, writeBundles } from '../../infra/bundle.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } });
const folder = mkdtempSync(join(tmpdir(), 'urldrop-bench-'));
try {
  const bundles = await bundleFunctions();
  writeBundles(bundles, folder);
  console.log('| function | kB | gzip kB | import, ms | of it CPU, ms | largest parts, kB |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { name, code, packages } of bundles) {
    const runs = Array.from({ length: Number(values.runs) }, () => importOnce(join(folder, name, 'index.mjs')));
    const parts = packages.slice(0, 6).map((p) => `${p.name} ${kB(p.bytes)}`);
    console.log(
      `| ${name} | ${kB(code.byteLength)} | ${kB(gzipSync(code).byteLength)} | ${median(runs.map((r) => r.wallMs))} | ${median(runs.map((r) => r.cpuMs))} | ${parts.join(', ')} |`,
    );
  }
  console.log(`\nNode ${process.version}, medians of ${values.runs} runs.`);
} finally {
  rmSync(folder, { recursive: true });
}

/** One import in a process of its own. */
function importOnce(module: string): { wallMs: number; cpuMs: number } {
  const program = `
    const before = process.cpuUsage(), startMs = performance.now();
    await import(${JSON.stringify(module)});
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000 }));
    process.exit();`;
  const env = {
    PATH: process.env['PATH'],
    URLDROP_BUCKET: 'b',
    URLDROP_REQUESTS_QUEUE_URL: 'http://q/r',
    URLDROP_POSTPONED_QUEUE_URL: 'http://q/p',
    AWS_REGION: 'us-east-1',
  };
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${module} cannot be imported:\n${stderr}`);
  return JSON.parse(stdout) as { wallMs: number; cpuMs: number };
}

function median(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0);
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
