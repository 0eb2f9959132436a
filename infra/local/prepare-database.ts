import type { DatabaseSync } from 'node:sqlite';
import { settings } from '../settings.ts';

const DAY_MS = 86_400_000;

/**
 * Brings the database of the embedded SQS and S3 (fauxqs 2.4.1) up to date with what went by while it was closed:
 * - messages that the last process had in hand are there again: with it died whoever worked on them;
 * - uploads in parts that nobody will go on with are dropped: fauxqs would load the parts into memory;
 * - internal objects expire as the bucket's lifecycle rules say;
 * - messages of other jobs are laid aside while one job has the cloud to itself, in their order, and come back at any start
 *   that wants them.
 *
 * @param nowMs - ms since the epoch.
 * @param job - the only job to go on; absent: all.
 */
export function prepareDatabase(database: DatabaseSync, nowMs: number, job?: string): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS urldrop_aside AS SELECT * FROM sqs_messages WHERE 0;
    INSERT INTO sqs_messages SELECT * FROM urldrop_aside ORDER BY rowid;
    DELETE FROM urldrop_aside;
    UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE receipt_handle IS NOT NULL;
    DELETE FROM s3_multipart_uploads`);
  if (job !== undefined) {
    // Every body is JSON with the job's id in it, written by JSON.stringify.
    const others = `FROM sqs_messages WHERE instr(body, '"job":' || ?) = 0`;
    database.prepare(`INSERT INTO urldrop_aside SELECT * ${others} ORDER BY rowid`).run(JSON.stringify(job));
    database.prepare(`DELETE ${others}`).run(JSON.stringify(job));
  }
  const expire = database.prepare('DELETE FROM s3_objects WHERE substr(key, 1, ?) = ? AND last_modified < ?');
  let expired = 0n;
  for (const [prefix, days] of Object.entries(settings.bucket.expireDays)) {
    expired += BigInt(expire.run(prefix.length, prefix, new Date(nowMs - days * DAY_MS).toISOString()).changes);
  }
  if (expired > 0n) database.exec('PRAGMA incremental_vacuum');
}
