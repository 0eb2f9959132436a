import type { DatabaseSync } from 'node:sqlite';

/** An upload whose event is due. */
export interface Upload {
  readonly key: string;
  /** Time of the upload, ISO. */
  readonly at: string;
  /** Tells two uploads of one key apart and orders them, 16 hex digits (S3 event message structure). */
  readonly sequencer: string;
}

interface Row {
  readonly id: number;
  readonly key: string;
  readonly at: string;
}

/**
 * The uploads that have been made and not been handled: a table beside the objects, filled by a trigger. So an object and its
 * event are written in one, whenever the process is killed, and an event handled twice is the same event.
 */
export class UploadLog {
  readonly #database: DatabaseSync;

  /**
   * @param database - that of the objects, with their table `s3_objects`.
   * @param prefix - only uploads under it count.
   */
  constructor(database: DatabaseSync, bucket: string, prefix: string) {
    this.#database = database;
    database.exec(`
      CREATE TABLE IF NOT EXISTS urldrop_uploads (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, at TEXT NOT NULL
      );
      DROP TRIGGER IF EXISTS urldrop_uploaded;
      CREATE TRIGGER urldrop_uploaded AFTER INSERT ON s3_objects
      WHEN NEW.bucket = '${bucket}' AND substr(NEW.key, 1, ${prefix.length}) = '${prefix}'
      BEGIN
        INSERT INTO urldrop_uploads (key, at) VALUES (NEW.key, NEW.last_modified);
      END`);
  }

  /** Uploads due that came after the given one, oldest first. */
  pending(after = '0'): Upload[] {
    const rows = this.#database.prepare('SELECT * FROM urldrop_uploads WHERE id > ? ORDER BY id').all(Number.parseInt(after, 16));
    return (rows as unknown as Row[]).map(({ id, key, at }) => ({ key, at, sequencer: id.toString(16).toUpperCase().padStart(16, '0') }));
  }

  handled({ sequencer }: Upload): void {
    this.#database.prepare('DELETE FROM urldrop_uploads WHERE id = ?').run(Number.parseInt(sequencer, 16));
  }
}
