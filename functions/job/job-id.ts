import { createHash } from 'node:crypto';

/**
 * Names a job: readable, sortable by time, and the same for every delivery of one event.
 *
 * @param scraper - the scraper's name.
 * @param at - time of the event itself, not of its handling.
 * @param salt - what tells two events of one second apart: the object key and S3's sequencer, say.
 * @returns `<scraper>-<yyyymmdd>-<hhmmss>-<6 hex digits>`, UTC.
 */
export function jobId(scraper: string, at: Date, salt: string): string {
  const [day = '', time = ''] = at.toISOString().replaceAll(/[-:]/g, '').split('T');
  const hash = createHash('sha256').update(`${scraper} ${at.toISOString()} ${salt}`).digest('hex');
  return `${scraper}-${day}-${time.slice(0, 6)}-${hash.slice(0, 6)}`;
}
