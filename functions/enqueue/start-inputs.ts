import { Readable } from 'node:stream';
import type { ObjectStore } from '../aws/objects.ts';
import { keys } from '../job/keys.ts';
import { readStart, type StartPart, type StartUrls } from '../urls/start.ts';
import { countTemplate } from '../urls/template.ts';
import { SITEMAP } from './inputs.ts';

const CHUNK_CHARS = 65_536;

/**
 * Writes down what a start stands for, so that the job reads the same however often it begins: URLs as text objects of the job,
 * a function's included; files and sitemaps by name.
 *
 * @param name - of the objects, for jobs with several starts.
 * @returns the job's inputs, in order.
 * @throws {UsageError} code `bad-template`; what the scraper's function throws; what S3 answered.
 */
export async function writeStart(objects: ObjectStore, job: string, start: StartUrls, name = 'start'): Promise<string[]> {
  // A fault in the last template must not come to light behind an upload.
  if (typeof start !== 'function') for (const text of typeof start === 'string' ? [start] : start) check(text);
  const inputs: string[] = [];
  const parts = readStart(start);
  let next = await parts.next();
  /** Takes URLs off the parts up to the next other source. */
  async function* lines(): AsyncGenerator<Buffer> {
    let text = '';
    for (; !next.done && 'url' in next.value; next = await parts.next()) {
      // A line end inside a URL has no meaning (URL Standard, basic URL parser, step 3), but would be two lines.
      text += `${next.value.url.replaceAll(/[\r\n]+/g, '')}\n`;
      if (text.length < CHUNK_CHARS) continue;
      yield Buffer.from(text);
      text = '';
    }
    yield Buffer.from(text);
  }
  while (!next.done) {
    const part: StartPart = next.value;
    if ('url' in part) {
      const key = keys.input(job, `${name}-${inputs.length + 1}.txt`);
      await objects.putStream(key, Readable.from(lines()), { contentType: 'text/plain; charset=utf-8' });
      inputs.push(key);
      continue;
    }
    inputs.push('file' in part ? part.file : SITEMAP + part.sitemap);
    next = await parts.next();
  }
  return inputs;
}

function check(text: string): void {
  if (!text.startsWith('file:') && !text.startsWith(SITEMAP)) countTemplate(text);
}
