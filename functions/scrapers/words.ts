/**
 * Counts words: runs of letters and digits; in scripts that put no spaces between words, what the dictionaries of ICU take for one.
 *
 * @param language - BCP 47; one that is no tag counts as absent.
 */
export function wordCount(text: string, language?: string): number {
  let count = 0;
  let segmenter: Intl.Segmenter | undefined;
  // Scripts that put no spaces between words.
  const unspaced =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
  const spaced = text.replaceAll(unspaced, (run) => {
    segmenter ??= segmenterFor(language);
    for (const segment of segmenter.segment(run)) if (segment.isWordLike) count++;
    return ' ';
  });
  for (const _ of spaced.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’.-][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu)) count++;
  return count;
}

/** The beginning of a text, never half of a character outside of the basic plane. */
export function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}

function segmenterFor(language: string | undefined): Intl.Segmenter {
  try {
    return new Intl.Segmenter(language, { granularity: 'word' });
  } catch {
    // RangeError: the page's lang is no language tag.
    return new Intl.Segmenter('en', { granularity: 'word' });
  }
}
