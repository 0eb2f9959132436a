import type { S3Event } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import type { Queue } from '../../functions/aws/queue.ts';
import { settings } from '../settings.ts';
import { FunctionFailure } from './function-messages.ts';
import type { FunctionPool } from './function-pool.ts';
import type { OnProblem } from './problem.ts';
import { s3EventOf } from './s3-event.ts';
import type { Upload, UploadLog } from './upload-log.ts';

const TRIES = 1 + settings.asyncEvents.enqueue.retryAttempts;
/** Between tries; Lambda waits one minute, then two (AWS Lambda developer guide, "Error handling for asynchronous invocation"). */
const PAUSE_MS = 1_000;

export interface UploadSourceOptions {
  /** Begins with what an earlier run left. */
  readonly uploads: UploadLog;
  /** Whether an upload is handled now; another one stays in the log. */
  readonly isWanted: (key: string) => boolean;
  readonly objects: ObjectStore;
  /** Takes the events that enqueue failed on every time. */
  readonly deadLetters: Queue;
  readonly region: string;
  /** Enqueues under way at most. */
  readonly maxConcurrency: number;
  readonly pool: FunctionPool;
  readonly onProblem: OnProblem;
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

/** Tells enqueue of every upload under the bucket's notification prefix: what S3's event notification does on AWS. */
export class UploadSource {
  readonly #o: UploadSourceOptions;
  readonly #running = new Set<Promise<void>>();
  #due: Upload[] = [];
  /** Sequencer of the last upload taken from the log. */
  #last: string | undefined;
  #isStarted = false;
  #isStopped = false;

  constructor(options: UploadSourceOptions) {
    this.#o = options;
  }

  /** There is something new in the log. */
  wake(): void {
    this.#next();
  }

  start(): void {
    this.#isStarted = true;
    this.#next();
  }

  /** Begins no more; what is due stays in the log. Resolves when the invocations under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  #next(): void {
    while (this.#isStarted && !this.#isStopped && this.#running.size < this.#o.maxConcurrency) {
      const upload = this.#take();
      if (!upload) return;
      const run = this.#handle(upload).finally(() => {
        this.#running.delete(run);
        this.#o.onEnd();
        this.#next();
      });
      this.#running.add(run);
      this.#o.onStart();
    }
  }

  #take(): Upload | undefined {
    if (this.#due.length === 0) {
      const fresh = this.#o.uploads.pending(this.#last);
      this.#last = fresh.at(-1)?.sequencer ?? this.#last;
      this.#due = fresh.filter((upload) => this.#o.isWanted(upload.key));
    }
    return this.#due.shift();
  }

  async #handle(upload: Upload): Promise<void> {
    const { uploads, objects, region, onProblem } = this.#o;
    for (let tries = 1; !this.#isStopped;) {
      try {
        const object = await objects.head(upload.key);
        // Deleted meanwhile: there is nothing to read.
        const event = object && s3EventOf(upload, object, objects.bucket, region);
        const failure = event && (await this.#try(event, tries));
        if (!failure) {
          uploads.handled(upload);
          return;
        }
        if (failure.kind === 'stopped') return;
        if (tries >= TRIES) {
          await this.#o.deadLetters.send([{ body: JSON.stringify(event) }]);
          uploads.handled(upload);
          onProblem({ kind: 'upload', key: upload.key, failure });
          return;
        }
        onProblem({ kind: 'function', failure });
        tries++;
      } catch (error) {
        onProblem({ kind: 'service', error });
      }
      await sleep(PAUSE_MS * tries);
    }
  }

  async #try(event: S3Event, tries: number): Promise<FunctionFailure | undefined> {
    try {
      await (tries === 1 ? this.#o.pool.invoke('enqueue', event) : this.#o.pool.invokeAlone('enqueue', event));
      return undefined;
    } catch (error) {
      if (error instanceof FunctionFailure) return error;
      throw error;
    }
  }
}
