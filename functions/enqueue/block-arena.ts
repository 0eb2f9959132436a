/** Before a block's bytes: the next block's address, and where its bytes end with its size class on top. */
export const HEADER_BYTES = 8;
const MIN_CLASS = 6;
const CLASS_SHIFT = 26;
const END_MASK = (1 << CLASS_SHIFT) - 1;

/**
 * One stretch of memory, handed out in chained blocks of 64 bytes, 128, 256 … Freed blocks are used again. Nothing in it is an
 * object, so a million pieces cost the garbage collector nothing.
 */
export class BlockArena {
  bytes: Uint8Array;
  #words: Uint32Array;
  #top: number;
  /** First free block of each size class; 0 = none. */
  readonly #free = new Uint32Array(32);
  #usedBytes = 0;

  /** @param expectedBytes - room to begin with; memory is touched only as blocks are handed out. */
  constructor(expectedBytes: number) {
    // Address 0 stands for none, so the first block begins behind it.
    this.bytes = new Uint8Array(Math.max(1 << 16, Math.ceil(expectedBytes / 64) * 64));
    this.#words = new Uint32Array(this.bytes.buffer);
    this.#top = 1 << MIN_CLASS;
  }

  /** Bytes in blocks that are handed out. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes ever handed out since the last reset, free blocks included. */
  get heldBytes(): number {
    return this.#top;
  }

  /** @returns the address of a block with room for `length` bytes behind its header. */
  allocate(length: number): number {
    const sizeClass = Math.max(MIN_CLASS, 32 - Math.clz32(length + HEADER_BYTES - 1));
    const size = 2 ** sizeClass;
    let block = this.#free[sizeClass] ?? 0;
    if (block === 0) {
      block = this.#top;
      this.#top += size;
      if (this.#top > this.bytes.length) this.#grow();
    } else this.#free[sizeClass] = this.next(block);
    this.#usedBytes += size;
    this.#words[block >>> 2] = 0;
    this.#words[(block >>> 2) + 1] = sizeClass << CLASS_SHIFT;
    return block;
  }

  /** Chains a new block behind `last`, whose bytes end at the address `end`. */
  append(last: number, end: number, length: number): number {
    const block = this.allocate(length);
    this.#words[last >>> 2] = block;
    this.#words[(last >>> 2) + 1] = ((this.#words[(last >>> 2) + 1] ?? 0) & ~END_MASK) | (end - last);
    return block;
  }

  next(block: number): number {
    return this.#words[block >>> 2] ?? 0;
  }

  /** Where the bytes of a block end that has another behind it. */
  endOf(block: number): number {
    return block + ((this.#words[(block >>> 2) + 1] ?? 0) & END_MASK);
  }

  sizeOf(block: number): number {
    return 2 ** ((this.#words[(block >>> 2) + 1] ?? 0) >>> CLASS_SHIFT);
  }

  /** Frees a block and all that are chained behind it. */
  free(first: number): void {
    for (let block = first; block !== 0;) {
      const next = this.next(block);
      const size = this.sizeOf(block);
      const sizeClass = 31 - Math.clz32(size);
      this.#words[block >>> 2] = this.#free[sizeClass] ?? 0;
      this.#free[sizeClass] = block;
      this.#usedBytes -= size;
      block = next;
    }
  }

  /** Forgets every block: only when all are free. */
  reset(): void {
    this.#free.fill(0);
    this.#top = 1 << MIN_CLASS;
    this.#usedBytes = 0;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, Math.ceil(this.#top / 64) * 64));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }
}
