import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Marker {
  readonly bucket: string;
  readonly key: string;
  /** The object was there before. */
  readonly existed: boolean;
}

/**
 * Makes writes of the embedded S3 whole or not there. fauxqs keeps an object in two files and overwrites them in place, so a
 * process killed in the middle would leave an old object damaged, and the state of a lane is such an object. Before each
 * write the old files move aside and a marker says so; a marker found at the next start is a write that nobody was told
 * of, and the old files go back.
 *
 * One write at a time: the embedded S3 writes synchronously.
 */
export class WriteUndo {
  readonly #s3Dir: string;
  readonly #marker: string;
  readonly #oldData: string;
  readonly #oldMeta: string;
  /** Files may lie aside that no marker speaks of any more. */
  #mayLieAside = true;

  constructor(s3Dir: string) {
    const dir = join(s3Dir, '_undo');
    mkdirSync(dir, { recursive: true });
    this.#s3Dir = s3Dir;
    this.#marker = join(dir, 'write.json');
    this.#oldData = join(dir, 'old.data');
    this.#oldMeta = join(dir, 'old.meta.json');
  }

  /** @param copy - the old files are read while they are replaced (an object copied onto itself): copies move aside. */
  begin(bucket: string, key: string, copy: boolean): void {
    const { data, meta } = objectFiles(this.#s3Dir, bucket, key);
    const existed = existsSync(meta) && existsSync(data);
    // They must be gone before a marker says that they count.
    if (this.#mayLieAside) this.#dropAside();
    writeFileSync(this.#marker, JSON.stringify({ bucket, key, existed } satisfies Marker));
    if (!existed) return;
    this.#mayLieAside = true;
    const aside = copy ? copyFileSync : renameSync;
    aside(data, this.#oldData);
    aside(meta, this.#oldMeta);
  }

  commit(): void {
    unlinkSync(this.#marker);
  }

  /** Puts the old object back, or removes what there is of a new one. Does nothing without a marker. */
  rollback(): void {
    const marker = this.#readMarker();
    if (marker) {
      const { data, meta } = objectFiles(this.#s3Dir, marker.bucket, marker.key);
      if (marker.existed) {
        // Whichever file is not aside has not been touched yet.
        mkdirSync(dirname(data), { recursive: true });
        if (existsSync(this.#oldData)) renameSync(this.#oldData, data);
        if (existsSync(this.#oldMeta)) renameSync(this.#oldMeta, meta);
      } else {
        rmSync(meta, { force: true });
        rmSync(data, { force: true });
      }
    }
    rmSync(this.#marker, { force: true });
    this.#dropAside();
  }

  #readMarker(): Marker | undefined {
    try {
      return JSON.parse(readFileSync(this.#marker, 'utf8')) as Marker;
    } catch {
      // No marker, or one cut short: the object's own files had not been touched.
      return undefined;
    }
  }

  #dropAside(): void {
    rmSync(this.#oldMeta, { force: true });
    rmSync(this.#oldData, { force: true });
    this.#mayLieAside = false;
  }
}

/** Where fauxqs 2.4.1 keeps an object: slashes of the key are folders, characters that file systems refuse are percent-encoded. */
export function objectFiles(s3Dir: string, bucket: string, key: string): { data: string; meta: string } {
  // oxlint-disable-next-line no-control-regex -- exactly the characters that fauxqs encodes
  const encoded = key.replaceAll(/[<>:"|?*\\%\u0000-\u001F]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const path = join(s3Dir, 'buckets', bucket, 'objects', ...encoded.split('/'));
  return { data: `${path}.data`, meta: `${path}.meta.json` };
}
