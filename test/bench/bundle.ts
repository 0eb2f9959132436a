/**
 * Measures the functions' bundles: `node test/bench/bundle.ts [--runs 15]`. Size, what the bytes are, and the time from a bare Node
 * process to the handler (CPU time as well: it does not grow with the load of the machine, and on Lambda it is what a cold start is made of).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export {};\n');
  const modules = [empty, ...bundles.map(({ name }) => join(folder, name, 'index.mjs'))];
  const runs = new Map(modules.map((module): [string, Import[]] => [module, []]));
  // In turns, so that a busy moment of the machine meets all of them.
  for (let i = 0; i < Number(values.runs); i++) for (const module of modules) runs.get(module)?.push(importOnce(module));
  const timeOf = (module: string, time: keyof Import) => median((runs.get(module) ?? []).map((run) => run[time]));
  console.log('| function | kB | gzip kB | import, ms | of it CPU, ms | × an empty module | largest parts, kB |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  console.log(`| (empty module) | 0 | 0 | ${timeOf(empty, 'wallMs').toFixed(1)} | ${timeOf(empty, 'cpuMs').toFixed(1)} | 1 | |`);
  for (const { name, code, packages } of bundles) {
    const module = join(folder, name, 'index.mjs');
    const parts = packages.slice(0, 8).map((p) => `${p.name} ${kB(p.bytes)}`);
    const ratio = timeOf(module, 'wallMs') / timeOf(empty, 'wallMs');
    console.log(
      `| ${name} | ${kB(code.byteLength)} | ${kB(gzipSync(code).byteLength)} | ${timeOf(module, 'wallMs').toFixed(0)} | ${timeOf(module, 'cpuMs').toFixed(0)} | ${ratio.toFixed(0)} | ${parts.join(', ')} |`,
    );
  }
  console.log(`\nNode ${process.version}, medians of ${values.runs} imports, each in a process of its own.`);
} finally {
  rmSync(folder, { recursive: true });
}

interface Import {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** One import in a process of its own. */
function importOnce(module: string): Import {
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
  return JSON.parse(stdout) as Import;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
