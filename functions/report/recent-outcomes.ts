import { SeenSet } from '../job/seen.ts';

const MINUTE_MS = 60_000;
/** Hexadecimal digits of 64 bits. */
const HASH_DIGITS = 16;

/** By minute since the epoch: the outcomes of that minute, 8 bytes each, as base64. */
export type RecentText = Readonly<Record<string, string>>;

/**
 * Outcomes that were folded lately, by the first 64 bits of their ids, which are hashes themselves: nothing else is held of an outcome.
 * Two of a million at once share them with a probability of 3 in 100 million: the fold, which counts what is listed, sees that one is missing.
 */
export class RecentOutcomes {
  readonly #minutes = new Map<number, SeenSet>();

  /** @param id - of a batch: 32 hexadecimal digits. */
  has(id: string): boolean {
    const hash = hashOf(id);
    for (const set of this.#minutes.values()) if (set.has(hash)) return true;
    return false;
  }

  /** @param modifiedMs - time of the outcome's object, ms since the epoch (S3's clock). */
  add(id: string, modifiedMs: number): void {
    const minute = Math.floor(modifiedMs / MINUTE_MS);
    let set = this.#minutes.get(minute);
    if (!set) this.#minutes.set(minute, (set = new SeenSet()));
    set.add(hashOf(id));
  }

  /** @param sinceMs - minutes that were over by then are left out. */
  encode(sinceMs: number): RecentText {
    const kept = [...this.#minutes].filter(([minute]) => (minute + 1) * MINUTE_MS > sinceMs);
    return Object.fromEntries(kept.map(([minute, set]) => [minute, set.encode().toString('base64')]));
  }

  static decode(text: RecentText): RecentOutcomes {
    const recent = new RecentOutcomes();
    for (const [minute, hashes] of Object.entries(text)) recent.#minutes.set(Number(minute), SeenSet.decode(Buffer.from(hashes, 'base64')));
    return recent;
  }
}

function hashOf(id: string): bigint {
  // 0 stands for an empty slot of the set.
  return BigInt(`0x${id.slice(0, HASH_DIGITS)}`) || 1n;
}
