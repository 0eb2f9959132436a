import { decodeText } from '../../functions/fetch/charset.ts';

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/**
 * Encodes text for tests, by turning the decoder round: all single bytes and all pairs are decoded once per encoding.
 *
 * @throws where the encoding has no bytes for a character.
 */
export function encodeText(text: string, encoding: string): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text);
  if (encoding === 'UTF-16LE') return Buffer.from(text, 'utf16le');
  if (encoding === 'UTF-16BE') return Buffer.from(text, 'utf16le').swap16();
  const table = tables.get(encoding) ?? invert(encoding);
  tables.set(encoding, table);
  return Buffer.from(
    Array.from(text).flatMap((character) => {
      const bytes = table.get(character);
      if (!bytes) throw new Error(`${encoding} has no ${character}`);
      return bytes;
    }),
  );
}

function invert(encoding: string): ReadonlyMap<string, readonly number[]> {
  const table = new Map<string, readonly number[]>();
  for (let lead = 0; lead < 256; lead++) {
    const single = decodeText(Buffer.from([lead]), encoding);
    if (single.length === 1 && single !== '\uFFFD' && !table.has(single)) table.set(single, [lead]);
    if (lead < 0x80) continue;
    for (let trail = 0x40; trail < 256; trail++) {
      const pair = decodeText(Buffer.from([lead, trail]), encoding);
      if (Array.from(pair).length === 1 && pair !== '\uFFFD' && !table.has(pair)) table.set(pair, [lead, trail]);
    }
  }
  return table;
}
