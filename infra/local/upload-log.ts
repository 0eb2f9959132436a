import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ObjectEventName } from './guarded-fauxqs.ts';

/** An upload whose event is due. */
export interface Upload {
  readonly key: string;
  readonly eventName: ObjectEventName;
  /** Time of the upload, ISO. */
  readonly at: string;
  /** Tells two uploads of one key apart and orders them, 16 hex digits (S3 event message structure). */
  readonly sequencer: string;
}

type Line = Upload | { readonly handled: string };

/**
 * The uploads that have been made and not been handled: a file of lines, so that a kill at any moment loses none. An upload keeps
 * its time and sequencer for good, so that an event handled twice is the same event.
 */
export class UploadLog {
  readonly #file: string | undefined;
  readonly #pending = new Map<string, Upload>();
  #last = 0n;

  /** @param file - absent: nothing outlives the process. */
  constructor(file?: string) {
    this.#file = file;
    if (file === undefined) return;
    for (const line of readLines(file)) {
      if ('handled' in line) this.#pending.delete(line.handled);
      else this.#pending.set(line.sequencer, line);
    }
    for (const { sequencer } of this.#pending.values()) this.#last = BigInt(`0x${sequencer}`);
    // Starts the file anew with what is still due, else it would grow for ever.
    writeFileSync(`${file}.new`, [...this.#pending.values()].map((u) => `${JSON.stringify(u)}\n`).join(''));
    renameSync(`${file}.new`, file);
  }

  /** Uploads due, oldest first. */
  pending(): Upload[] {
    return [...this.#pending.values()];
  }

  record(key: string, eventName: ObjectEventName, now: Date): Upload {
    // Microseconds of the clock, or one more than the last: later uploads have greater ones, after a restart too.
    const micros = BigInt(now.getTime()) * 1000n;
    this.#last = micros > this.#last ? micros : this.#last + 1n;
    const upload = { key, eventName, at: now.toISOString(), sequencer: this.#last.toString(16).toUpperCase().padStart(16, '0') };
    this.#pending.set(upload.sequencer, upload);
    this.#append(upload);
    return upload;
  }

  handled(upload: Upload): void {
    this.#pending.delete(upload.sequencer);
    this.#append({ handled: upload.sequencer });
  }

  #append(line: Line): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function readLines(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // The directory is new.
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      // The last line, cut short by a kill: its writer was not told that the upload was done.
      return [];
    }
  });
}
