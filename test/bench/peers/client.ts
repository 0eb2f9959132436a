/**
 * What undici can do when nothing stands around it: `node client.ts --parser PARSER [--client request|dispatch] [--concurrency 64]
 * [--processes 1] URLS OUT` reads a file of URLs, fetches them, and writes one JSON line a page. With several processes each writes a
 * file of its own, `OUT.1`, `OUT.2` …
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Agent, setGlobalDispatcher } from 'undici';
import { bodyOf, type ClientName } from './body.ts';
import { parserOf, type ParserName } from './parsers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parser: { type: 'string', default: 'none' },
    client: { type: 'string', default: 'dispatch' },
    concurrency: { type: 'string', default: '64' },
    processes: { type: 'string', default: '1' },
    /** Which of the processes this is, from 1; absent: the one that starts the others. */
    part: { type: 'string' },
  },
});
const [urlFile = '', outFile = ''] = positionals;
const processes = Number(values.processes);

if (processes > 1 && values.part === undefined) {
  const parts = Array.from({ length: processes }, (_, i) =>
    fork(import.meta.filename, [...process.argv.slice(2), '--part', String(i + 1)]),
  );
  const codes = await Promise.all(parts.map(async (part) => ((await once(part, 'exit')) as [number])[0]));
  process.exitCode = Math.max(...codes);
} else {
  const part = Number(values.part ?? 1) - 1;
  const all = readFileSync(urlFile, 'utf8').split('\n').filter(Boolean);
  await run(
    all.filter((_, i) => i % processes === part),
    values.part === undefined ? outFile : `${outFile}.${values.part}`,
  );
}

async function run(urls: readonly string[], path: string): Promise<void> {
  const connections = Math.ceil(Number(values.concurrency) / processes);
  const agent = new Agent({ connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000, connectTimeout: 60_000 });
  setGlobalDispatcher(agent);
  const parse = await parserOf(values.parser as ParserName);
  const get = bodyOf(values.client as ClientName, agent);
  const out = createWriteStream(path);
  let pending = '';
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < urls.length) {
      const url = urls[next++] ?? '';
      const { status, body } = await get(url);
      pending += `${JSON.stringify({ url, status, ...parse(body, url) })}\n`;
      if (pending.length < 65_536) continue;
      out.write(pending);
      pending = '';
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  out.end(pending);
  await once(out, 'finish');
  await agent.close();
}
