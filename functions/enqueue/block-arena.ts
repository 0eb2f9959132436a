/** Before a block's bytes: the next block's address, and where its own bytes end. */
export const HEADER_BYTES = 8;
const MIN_BYTES = 64;

/**
 * One stretch of memory, handed out in chained blocks and given back all at once. Nothing in it is an object, so a million pieces
 * cost the garbage collector nothing.
 */
export class BlockArena {
  bytes: Uint8Array;
  #words: Uint32Array;
  /** Address 0 stands for none, so the first block begins behind it. */
  #top = MIN_BYTES;

  /** @param expectedBytes - room to begin with; memory is touched only as blocks are handed out. */
  constructor(expectedBytes: number) {
    this.bytes = new Uint8Array(Math.max(1 << 16, Math.ceil(expectedBytes / 8) * 8));
    this.#words = new Uint32Array(this.bytes.buffer);
  }

  get usedBytes(): number {
    return this.#top;
  }

  /** @returns the address of a block with room for `length` bytes behind its header. */
  allocate(length: number): number {
    const block = this.#top;
    this.#top += Math.max(MIN_BYTES, (length + HEADER_BYTES + 7) & ~7);
    if (this.#top > this.bytes.length) this.#grow();
    this.#words[block >>> 2] = 0;
    return block;
  }

  /** Where the block ends that was handed out last. */
  get end(): number {
    return this.#top;
  }

  /** Chains a new block behind `last`, whose bytes end at the address `end`. */
  append(last: number, end: number, length: number): number {
    const block = this.allocate(length);
    this.#words[last >>> 2] = block;
    this.#words[(last >>> 2) + 1] = end;
    return block;
  }

  /** The block behind this one; 0 = none. */
  next(block: number): number {
    return this.#words[block >>> 2] ?? 0;
  }

  /** Where the bytes of a block end that has another behind it. */
  endOf(block: number): number {
    return this.#words[(block >>> 2) + 1] ?? 0;
  }

  /** Takes every block back. */
  reset(): void {
    this.#top = MIN_BYTES;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, Math.ceil(this.#top / 8) * 8));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }
}
