import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

/** The log is begun anew at this size; the one before is kept beside it. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What the functions print, appended to a file of bounded size: on AWS that is CloudWatch Logs. */
export class FunctionLog {
  readonly #path: string | undefined;
  #fd: number | undefined;
  #bytes = 0;

  /** @param path - absent: nothing is kept. */
  constructor(path?: string) {
    this.#path = path;
  }

  write(text: Uint8Array): void {
    if (this.#path === undefined) return;
    if (this.#fd === undefined || this.#bytes > MAX_BYTES) this.#open(this.#path);
    if (this.#fd === undefined) return;
    this.#bytes += writeSync(this.#fd, text);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(path: string): void {
    this.close();
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (this.#bytes > MAX_BYTES) {
      renameSync(path, `${path}.1`);
      this.#bytes = 0;
    }
    this.#fd = openSync(path, 'a');
  }
}
