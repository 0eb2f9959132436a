import { fileURLToPath } from 'node:url';

/** A stack frame's place: `at list (file:///srv/books.ts:12:7)`, `at /srv/books.ts:12:7`. */
const FRAME = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/;

/** The file that called `defineScraper`: the first frame behind it. undefined where the stack does not tell. */
export function callerFile(stack: string | undefined, ownFile: string): string | undefined {
  return frames(stack).find((frame) => frame.file !== ownFile)?.file;
}

/**
 * Where in the scraper an exception came from.
 *
 * @param file - the scraper's own file: its topmost frame is the place, whatever library threw below it.
 * @returns `books.ts:12`, with the name of its folder; undefined where the stack does not pass through the scraper.
 */
export function placeOf(error: unknown, file: string | undefined): string | undefined {
  const all = frames(error instanceof Error ? error.stack : undefined);
  const frame = all.find((f) => f.file === file) ?? all.find((f) => !/[\\/]node_modules[\\/]|[\\/]functions[\\/]scraper[\\/]/.test(f.file));
  return frame && `${shortName(frame.file)}:${frame.line}`;
}

/** A file by its last two names: enough to find it, and nothing of the machine's paths. */
export function shortName(file: string): string {
  return file.split(/[\\/]/).slice(-2).join('/');
}

function frames(stack: string | undefined): { file: string; line: number }[] {
  return (stack ?? '').split('\n').flatMap((line) => {
    const found = /^\s+at /.test(line) ? FRAME.exec(line.trim()) : null;
    if (!found) return [];
    const [, file = '', row] = found;
    return [{ file: file.startsWith('file://') ? fileURLToPath(file) : file, line: Number(row) }];
  });
}
