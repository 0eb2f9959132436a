/**
 * A fast 64-bit hash of bytes, in two halves. It is not secret: whoever writes the keys can make two collide, and loses one of
 * his own. One object serves one caller after the other; nothing is allocated.
 */
export class KeyHash {
  low = 0;
  high = 0;

  /**
   * Hashes `bytes[start, end)`; the result is in {@link low} and {@link high}, which are never both 0.
   */
  of(bytes: Uint8Array, start: number, end: number): this {
    // Two streams over 32-bit words with the constants of MurmurHash3 (A. Appleby, public domain), crossed in every round.
    let h1 = 0x9747b28c;
    let h2 = 0x5bd1e995;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
      let k = Math.imul(word, 0x239b961b);
      k = (k << 15) | (k >>> 17);
      h1 ^= Math.imul(k, 0xab0e9789);
      h1 = (((h1 << 19) | (h1 >>> 13)) + h2) | 0;
      h1 = (Math.imul(h1, 5) + 0x561ccd1b) | 0;
      k = Math.imul(word, 0x38b34ae5);
      k = (k << 17) | (k >>> 15);
      h2 ^= Math.imul(k, 0xa1e38b93);
      h2 = (((h2 << 17) | (h2 >>> 15)) + h1) | 0;
      h2 = (Math.imul(h2, 5) + 0x0bcaa747) | 0;
    }
    let tail = 0;
    for (let shift = 0; at < end; at++, shift += 8) tail |= (bytes[at] ?? 0) << shift;
    h1 ^= Math.imul(tail, 0x239b961b) ^ (end - start);
    h2 ^= Math.imul(tail, 0x38b34ae5) ^ (end - start);
    h1 = finish((h1 + h2) | 0);
    h2 = finish((h2 + h1) | 0);
    this.low = h1 >>> 0;
    this.high = h1 === 0 && h2 === 0 ? 1 : h2 >>> 0;
    return this;
  }
}

/** Spreads every bit over all (MurmurHash3's finaliser). */
function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
