import { tooLongFault } from './line-faults.ts';
import { LineSplitter, type LineSink } from './line-splitter.ts';
import type { Reader, Sink } from './types.ts';

/** What all formats of one request a line have in common. */
export abstract class LineReader implements Reader, LineSink {
  protected readonly name: string;
  protected readonly sink: Sink;
  readonly #lines = new LineSplitter(this);

  /** @param name - of the input, for messages. */
  constructor(name: string, sink: Sink) {
    this.name = name;
    this.sink = sink;
  }

  get at(): number {
    return this.#lines.current;
  }

  write(block: Buffer): void {
    this.#lines.write(block);
  }

  end(): void {
    this.#lines.end();
  }

  abstract line(bytes: Buffer, start: number, end: number, line: number): void;

  tooLong(head: Buffer, line: number): void {
    this.sink.fault(tooLongFault(head, line, this.name));
  }
}
