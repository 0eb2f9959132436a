#!/usr/bin/env node
// The only JavaScript of the project: it must run on any Node, to find the one that runs TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  nodeModule.enableCompileCache();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  if (existsSync(node)) {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
    // The terminal sends Ctrl-C to both processes: the child decides, this one waits.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('exit', (code, signal) => {
      if (signal) process.kill(process.pid, signal === 'SIGINT' ? 'SIGTERM' : signal);
      else process.exitCode = code ?? 1;
    });
  } else {
    console.error(
      `urldrop: Node ${process.versions.node} is too old: ${NEEDED_MAJOR} is needed. Run "npm ci" in the project, which brings it along, or install it.`,
    );
    process.exitCode = 2;
  }
}
