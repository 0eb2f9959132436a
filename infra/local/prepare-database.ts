import type { DatabaseSync } from 'node:sqlite';
import { settings } from '../settings.ts';

const DAY_MS = 86_400_000;

/**
 * Brings the database of the embedded SQS and S3 (fauxqs 2.4.1) up to date with what went by while it was closed:
 * - messages that the last process had in hand are there again: with it died whoever worked on them;
 * - uploads in parts that nobody will go on with are dropped: fauxqs would load the parts into memory;
 * - internal objects expire as the bucket's lifecycle rules say.
 *
 * @param nowMs - ms since the epoch.
 */
export function prepareDatabase(database: DatabaseSync, nowMs: number): void {
  database.exec(`
    UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE receipt_handle IS NOT NULL;
    DELETE FROM s3_multipart_uploads`);
  const expire = database.prepare('DELETE FROM s3_objects WHERE substr(key, 1, ?) = ? AND last_modified < ?');
  let expired = 0n;
  for (const [prefix, days] of Object.entries(settings.bucket.expireDays)) {
    expired += BigInt(expire.run(prefix.length, prefix, new Date(nowMs - days * DAY_MS).toISOString()).changes);
  }
  if (expired > 0n) database.exec('PRAGMA incremental_vacuum');
}
