/** A bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn in the colour of the project. */
  readonly isOwn: boolean;
}

const ROW = 26;
const LABEL_WIDTH = 270;
const BAR_WIDTH = 420;
const TOP = 40;

/** Horizontal bars as SVG, readable on light and dark ground. */
export function barChart(title: string, bars: readonly Bar[], text: (value: number) => string): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const width = LABEL_WIDTH + BAR_WIDTH + 90;
  const height = TOP + bars.length * ROW + 10;
  const rows = bars.map(({ label, value, isOwn }, i) => {
    const y = TOP + i * ROW;
    const length = Math.max(1, (value / largest) * BAR_WIDTH);
    return `  <text x="${LABEL_WIDTH - 8}" y="${y + 14}" text-anchor="end"${isOwn ? ' font-weight="bold"' : ''}>${escaped(label)}</text>
  <rect x="${LABEL_WIDTH}" y="${y + 2}" width="${length.toFixed(1)}" height="${ROW - 9}" rx="2" fill="${isOwn ? '#0a7d5a' : '#8b95a1'}"/>
  <text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${y + 14}">${escaped(text(value))}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>${escaped(title)}</title>
  <style>text { font: 13px system-ui, sans-serif; fill: #1f2328 } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>
  <text x="10" y="22" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
