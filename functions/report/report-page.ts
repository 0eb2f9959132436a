import { errorKind } from '../job/errors.ts';
import { errorsPrefix, resultsPrefix } from '../job/keys.ts';
import { numberText, significantText } from '../job/number-text.ts';
import { skippedTotal, type Summary } from '../job/summary.ts';

/** A running job's page asks for itself again after this, s. */
const REFRESH_SECONDS = 10;

/**
 * `report.html`: a job's summary for people. One file without scripts or outside parts, so that it opens from a download
 * as well as from the bucket.
 */
export function reportPage(summary: Summary): string {
  const { requests } = summary;
  const isFinal = summary.finishedAt !== undefined;
  const skipped = skippedTotal(requests.skipped);
  const facts: readonly (readonly [string, string])[] = [
    ['Requests', numberText(requests.total)],
    ['Succeeded', numberText(requests.succeeded)],
    ['Failed', numberText(requests.failed)],
    ['Skipped', numberText(skipped)],
    ['Pending', numberText(requests.pending)],
    ['Items', numberText(summary.items)],
    ...(summary.changes
      ? Object.entries(summary.changes).map(([kind, n]) => [`${kind[0]?.toUpperCase()}${kind.slice(1)}`, numberText(n)] as const)
      : []),
    ['Hosts', numberText(summary.hosts)],
    ['Pages per second', numberText(summary.pagesPerSecond)],
    [isFinal ? 'Took' : 'Running for', duration(summary.wallMs)],
    ['Cost', dollars(summary.cost.usd)],
    ...(summary.estimate ? [['Estimated', `${dollars(summary.estimate.usd)}, ${duration(summary.estimate.seconds * 1000)}`] as const] : []),
    ['Fetched', `${bytes(summary.bytes.wire)} (${bytes(summary.bytes.decoded)} decoded)`],
  ];
  const ended = requests.total - requests.pending;
  const percent = requests.total > 0 ? (100 * ended) / requests.total : isFinal ? 100 : 0;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${isFinal ? '' : `<meta http-equiv="refresh" content="${REFRESH_SECONDS}">\n`}<title>${text(summary.id)}: ${summary.state}</title>
<style>
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --good: #2a9d63; --bad: #d2493a; --skip: #b99a2d; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.35rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
.state { display: inline-block; padding: 0 .6rem; border-radius: 1rem; border: 1px solid var(--line); }
.bar { display: flex; height: .8rem; border-radius: .4rem; overflow: hidden; background: var(--line); margin: 1.25rem 0; }
.bar i { display: block; } .good { background: var(--good); } .bad { background: var(--bad); } .skip { background: var(--skip); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: 1rem; margin: 0; }
dt { opacity: .7; font-size: .85rem; } dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
:is(th, td):nth-child(-n+2) { white-space: nowrap; } :is(th, td):nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; } code { font-size: .9em; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>${text(summary.id)} <span class="state">${summary.state}</span></h1>
<p>Scraper <b>${text(summary.scraper)}</b>, started ${text(summary.createdAt)}${summary.attempt > 1 ? `, attempt ${summary.attempt}` : ''}, ${isFinal ? `ended ${text(summary.finishedAt ?? '')}` : `as of ${text(summary.updatedAt)}`}.</p>
${endNote(summary)}<div class="bar" role="img" aria-label="${percent.toFixed(1)} % done">${part('good', requests.succeeded, requests.total)}${part('bad', requests.failed, requests.total)}${part('skip', skipped, requests.total)}</div>
<dl>
${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join('\n')}
</dl>
${errorTable(summary)}${untoldTable(summary)}${hostTable(summary)}${skipTable(summary)}${delayTable(summary)}${proxyTable(summary)}<h2>Where it lies</h2>
<p>Results: <code>${text(resultsPrefix(summary))}</code></p>
<p>Errors: <code>${text(errorsPrefix(summary))}</code> (each file can be dropped under <code>urls/${text(summary.scraper)}/</code> again)</p>
<p>URLs from: <code>${text(summary.source)}</code></p>
</body>
</html>
`;
}

function endNote({ skippedFor, reason }: Summary): string {
  if (reason !== undefined) return `<p>Cancelled: ${text(reason)}</p>\n`;
  return skippedFor === undefined ? '' : `<p>Left out: the run <b>${text(skippedFor)}</b> was at work when the schedule fired.</p>\n`;
}

function errorTable({ errors }: Summary): string {
  const rows = Object.entries(errors).toSorted(([, a], [, b]) => b.count - a.count);
  if (rows.length === 0) return '';
  return `<h2>Errors</h2>
<table><tr><th>Code</th><th>Count</th><th>Example</th><th>What to do</th></tr>
${rows.map(([code, e]) => `<tr><td><code>${text(code)}</code></td><td>${numberText(e.count)}</td><td><code>${text(e.url)}</code><br>${text(e.message)}</td><td>${text(errorKind(code).remedy)}</td></tr>`).join('\n')}
</table>
`;
}

function untoldTable({ untold }: Summary): string {
  if (!untold) return '';
  return `<h2>Not told</h2>
<table><tr><th>Who</th><th>Tries</th><th>Why</th></tr>
${Object.entries(untold)
  .map(([name, { tries, error }]) => `<tr><td>${text(name)}</td><td>${numberText(tries)}</td><td>${text(error)}</td></tr>`)
  .join('\n')}
</table>
`;
}

function skipTable({ requests }: Summary): string {
  const rows = Object.entries(requests.skipped);
  if (rows.length === 0) return '';
  return `<h2>Skipped</h2>
<table><tr><th>Reason</th><th>Count</th></tr>
${rows.map(([reason, n]) => `<tr><td>${text(reason)}</td><td>${numberText(n)}</td></tr>`).join('\n')}
</table>
`;
}

function hostTable({ slowest, failing }: Summary): string {
  const rows = new Map([...failing, ...slowest].map((h) => [h.host, h]));
  if (rows.size < 2 && failing.length === 0) return '';
  return `<h2>Failing and slowest hosts</h2>
<table><tr><th>Host</th><th>Failed</th><th>Fetches</th><th>Time for one, on average</th></tr>
${Array.from(rows.values(), (h) => `<tr><td>${text(h.host)}</td><td>${numberText(h.failed)}</td><td>${numberText(h.fetches)}</td><td>${h.fetches > 0 ? `${numberText(Math.round(h.fetchMs / h.fetches))} ms` : ''}</td></tr>`).join('\n')}
</table>
`;
}

function delayTable({ crawlDelays = {} }: Summary): string {
  const rows = Object.entries(crawlDelays).toSorted(([, a], [, b]) => b.keptMs - a.keptMs);
  if (rows.length === 0) return '';
  return `<h2>Delays that robots.txt asks for</h2>
<table><tr><th>Site</th><th>Asked for</th><th>Kept</th></tr>
${rows.map(([origin, d]) => `<tr><td>${text(origin)}</td><td>${duration(d.declaredMs)}</td><td>${duration(d.keptMs)}${d.keptMs < d.declaredMs ? ', the most that is granted' : ''}</td></tr>`).join('\n')}
</table>
`;
}

function proxyTable({ proxies = {} }: Summary): string {
  const rows = Object.entries(proxies);
  if (rows.length === 0) return '';
  return `<h2>Proxies</h2>
<table><tr><th>Proxy</th><th>Fetches</th><th>Failed by the proxy</th></tr>
${rows.map(([proxy, p]) => `<tr><td>${text(proxy)}</td><td>${numberText(p.fetches)}</td><td>${numberText(p.failures)}</td></tr>`).join('\n')}
</table>
`;
}

function part(name: string, n: number, total: number): string {
  return n > 0 && total > 0 ? `<i class="${name}" style="width:${((100 * n) / total).toFixed(3)}%"></i>` : '';
}

/** URLs and messages come from pages: nothing of them is markup here. */
function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function dollars(usd: number): string {
  return `$${significantText(usd, 3)}`;
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let at = 0;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at] ?? ''}`;
}

export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
