import { createHash } from 'node:crypto';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decoderOf } from './content-coding.ts';

/** What went into the file: decoded bytes and their SHA-256, hex. */
export interface FileContent {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The way of a file's body to where it is kept: content codings undone, bytes counted and hashed, in constant memory however
 * long it is.
 */
export class FileSink {
  /** Takes the body as it comes off the wire. */
  readonly input: Writable = new PassThrough();
  /** Fulfilled when the last byte is handed on; rejected with whatever broke the way. */
  readonly done: Promise<FileContent>;
  readonly #target: Writable;

  /**
   * @param codings - as applied by the server, in order (`parseCodings`).
   * @param target - where the decoded bytes go.
   * @param faults - make the errors for more than `maxBytes` decoded bytes, and for a body that its coding does not fit.
   */
  constructor(
    codings: readonly string[],
    target: Writable,
    maxBytes: number,
    faults: { readonly tooLarge: (seen: string) => Error; readonly broken: (what: string) => Error },
  ) {
    this.#target = target;
    const sha256 = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        bytes += chunk.length;
        if (bytes > maxBytes) return next(faults.tooLarge(`${bytes} decoded bytes came so far`));
        sha256.update(chunk);
        next(null, chunk);
      },
    });
    let broken: Error | undefined;
    const decoders = codings.toReversed().map((coding) => {
      const decoder = decoderOf(coding);
      // Its own error, told apart from one of the target.
      decoder.once('error', (error: NodeJS.ErrnoException) => {
        // Decoders number their own errors; any other came from further down the way.
        if (typeof error.errno === 'number') broken ??= faults.broken(`${coding}: ${error.message}`);
      });
      return decoder;
    });
    this.done = pipeline([this.input, ...decoders, meter, target]).then(
      () => ({ bytes, sha256: sha256.digest('hex') }),
      (error: unknown) => {
        throw broken ?? error;
      },
    );
    // Whoever waits for it hears of it; nobody may be waiting yet.
    this.done.catch(() => {});
  }

  /** Ends it at whatever point it is, the target included: `done` is rejected with the error. */
  breakOff(error: Error): void {
    this.input.destroy(error);
    this.#target.destroy(error);
  }
}
