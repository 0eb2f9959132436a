import { createHash } from 'node:crypto';
import { requestKey, type Request } from '../job/request.ts';

/** Characters kept of the name that an address suggests. S3 allows 1,024 bytes for a whole key (AWS S3, object keys). */
const MAX_NAME_CHARS = 100;

/**
 * Names the object of a download: by its request, so that no two collide and a repeat finds the same one, and readably.
 *
 * @param wanted - a name that the scraper asks for; absent: the last part of the URL's path.
 * @returns `<16 hex digits>-<name>`: letters, digits, `.`, `-` and `_` only, so that it can climb out of no folder.
 */
export function fileName(request: Request, wanted?: string): string {
  const hash = createHash('sha256').update(requestKey(request)).digest('hex').slice(0, 16);
  const name = safe(wanted ?? lastPart(request.url));
  return name === '' ? hash : `${hash}-${name}`;
}

function lastPart(url: string): string {
  const part = new URL(url).pathname.split('/').findLast((p) => p !== '') ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare % in a path is no fault; the name is only for reading.
    return part;
  }
}

function safe(text: string): string {
  const clean = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, '_')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^[._]+|[._]+$/g, '');
  if (clean.length <= MAX_NAME_CHARS) return clean;
  // What a file is stands at its end.
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(clean)?.[0] ?? '';
  return (
    clean
      .slice(0, MAX_NAME_CHARS - extension.length)
      .toWellFormed()
      .replaceAll('\ufffd', '') + extension
  );
}
