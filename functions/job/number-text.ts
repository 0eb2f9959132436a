/*
 * Numbers in English form, for reports. Not by `toLocaleString`: its first call in a thread loads data of ICU, which takes 12 ms of a
 * run of one page.
 */

/** With commas between thousands, and at most so many decimals. */
export function numberText(n: number, decimals = 3): string {
  const [whole = '', rest = ''] = n.toFixed(decimals).split('.');
  const fraction = rest.replace(/0+$/, '');
  return `${withCommas(whole)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** As above, rounded to so many digits that say something, however small it is. */
export function significantText(n: number, digits: number): string {
  const rounded = Number(n.toPrecision(digits));
  const magnitude = rounded === 0 ? 0 : Math.floor(Math.log10(Math.abs(rounded)));
  return numberText(rounded, Math.min(100, Math.max(0, digits - 1 - magnitude)));
}

/** With exactly so many decimals. */
export function fixedText(n: number, decimals: number): string {
  const [whole = '', fraction] = n.toFixed(decimals).split('.');
  return `${withCommas(whole)}${fraction === undefined ? '' : `.${fraction}`}`;
}

function withCommas(digits: string): string {
  return digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
