/** A Markdown table; columns of figures are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const rules = head.map((_, i) => (rows.every((row) => /^[-~≈]?[\d.,]/.test(String(row[i])) || row[i] === '') ? '--:' : '---'));
  return [head, rules, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A number with as many digits as say something. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 10 ? 1 : 2);
}
