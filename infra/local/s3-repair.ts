import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const META = '.meta.json';
const DATA = '.data';

/**
 * Removes what the embedded S3 could not load: objects whose description is no JSON, or that lack one of their two files.
 * Only a crash of the machine leaves such (a killed process does not, see `WriteUndo`); to the protocol they were never written.
 *
 * @param s3Dir - the directory given to fauxqs.
 * @returns the file paths of the objects removed, without their endings.
 */
export function repairS3(s3Dir: string): string[] {
  const buckets = join(s3Dir, 'buckets');
  const removed: string[] = [];
  for (const bucket of readdirSync(buckets)) {
    // Made again with the settings' own bucket at every start.
    if (!isJson(join(buckets, bucket, '.bucket.json'))) rmSync(join(buckets, bucket, '.bucket.json'), { force: true });
    const objects = join(buckets, bucket, 'objects');
    const paths = new Set<string>();
    for (const entry of readdirSync(objects, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const ending = entry.name.endsWith(META) ? META : DATA;
      paths.add(join(entry.parentPath, entry.name.slice(0, -ending.length)));
    }
    for (const path of paths) {
      if (isJson(path + META) && isFile(path + DATA)) continue;
      rmSync(path + META, { force: true });
      rmSync(path + DATA, { force: true });
      removed.push(path);
    }
  }
  return removed;
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    // Missing, cut short or empty: each means that the object was not written whole.
    return false;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
