/**
 * The known name most like an unknown one, for messages that say what was meant.
 *
 * @returns undefined where none is near: more than a third of the longer name would have to change.
 */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const name of known) {
    const distance = editDistance(unknown.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance && distance <= Math.max(name.length, unknown.length) / 3) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `"concurency". Did you mean "concurrency"?`, or the known names where none is near. */
export function unknownName(unknown: string, known: readonly string[]): string {
  const near = nearestName(unknown.slice(0, 100), known);
  return near === undefined ? `"${unknown.slice(0, 100)}". Known: ${known.join(', ')}.` : `"${unknown}". Did you mean "${near}"?`;
}

/** Damerau-Levenshtein distance (adjacent letters swapped count once) in one row per letter. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
