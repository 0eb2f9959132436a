import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '../settings.ts';

const DAY_MS = 86_400_000;

/**
 * Does what the bucket's lifecycle rules do on AWS: removes internal objects of jobs that nothing was written for in so many days.
 * Runs before the embedded S3 loads its objects, since it reads each one's description at every start.
 *
 * @param objectsDir - where the embedded S3 keeps the bucket's objects.
 * @param nowMs - ms since the epoch.
 */
export function expireObjects(objectsDir: string, nowMs: number): void {
  for (const [prefix, days] of Object.entries(settings.bucket.expireDays)) {
    const dir = join(objectsDir, ...prefix.split('/'));
    for (const job of jobsUnder(dir)) {
      // A directory's time is that of the last object added to it or removed from it.
      if (nowMs - statSync(job).mtimeMs > days * DAY_MS) rmSync(job, { recursive: true, force: true });
    }
  }
}

function jobsUnder(dir: string): string[] {
  try {
    return readdirSync(dir).map((name) => join(dir, name));
  } catch {
    // No job has left anything under this prefix.
    return [];
  }
}
