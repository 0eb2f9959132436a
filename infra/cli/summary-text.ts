import { errorKind } from '../../functions/job/errors.ts';
import { fixedText, significantText } from '../../functions/job/number-text.ts';
import type { Summary } from '../../functions/job/summary.ts';
import { numberText } from '../../functions/job/number-text.ts';
import { bytesText, countOf, durationText, rateText } from './number-text.ts';

/** Error codes listed in full; a job rarely has more. */
const MAX_CODES = 12;

/** The closing words on a job: what became of every request, errors by code with an example each. */
export function summaryText(summary: Summary): string {
  if (summary.skippedFor !== undefined)
    return `Job ${summary.id} was skipped: ${summary.skippedFor} was at work when the schedule fired. With overlap: 'allow' in the scraper ${summary.scraper}, both would run.`;
  const { requests: r } = summary;
  const pages = `${countOf(r.succeeded, 'page')}, ${countOf(summary.items, 'item')}`;
  const attempt = summary.attempt > 1 ? ` (attempt ${summary.attempt})` : '';
  const head = `Job ${summary.id} ${summary.state}${attempt} after ${durationText(summary.wallMs)}: ${pages}, ${bytesText(summary.bytes.wire)}, ${rateText(summary.pagesPerSecond)} pages/s`;
  const skipped = Object.entries(r.skipped).map(([reason, count]) => `${numberText(count)} ${reason}`);
  const counts = [
    `${countOf(r.total, 'request')}: ${numberText(r.succeeded)} succeeded, ${numberText(r.failed)} failed`,
    skipped.length > 0 ? `skipped: ${skipped.join(', ')}` : '',
    summary.changes
      ? `since the last run: ${Object.entries(summary.changes)
          .map(([kind, n]) => `${numberText(n)} ${kind}`)
          .join(', ')}`
      : '',
    r.pending > 0 ? `${numberText(r.pending)} pending${timeLeft(summary)}` : '',
  ];
  const untold = Object.entries(summary.untold ?? {}).map(
    ([name, { tries, error }]) => `The ${name} could not be told that it has ended, after ${countOf(tries, 'try', 'tries')}: ${error}`,
  );
  return [
    head,
    `  ${counts.filter((c) => c !== '').join('; ')}`,
    ...(summary.reason === undefined ? [] : [`  cancelled: ${summary.reason}`]),
    `  cost: $${dollars(summary.cost.usd)}${summary.estimate ? `, estimated $${dollars(summary.estimate.usd)} and ${durationText(summary.estimate.seconds * 1000)}` : ''} (on AWS, prices of ${summary.cost.pricesAsOf})`,
    ...errorLines(summary),
    ...hostLines(summary),
    ...delayLines(summary),
    ...proxyLines(summary),
    ...untold,
  ].join('\n');
}

function errorLines({ errors }: Summary): string[] {
  const byCount = Object.entries(errors).toSorted(([, a], [, b]) => b.count - a.count);
  if (byCount.length === 0) return [];
  const width = Math.max(...byCount.map(([code]) => code.length));
  const lines = byCount.slice(0, MAX_CODES).flatMap(([code, { count, message, url }]) => {
    const example = message.includes(url) ? message : `${message} (${url})`;
    return [
      `  ${code.padEnd(width)}  ${numberText(count).padStart(7)}  e.g. ${example}`,
      `  ${' '.repeat(width + 9)}  ${errorKind(code).remedy}`,
    ];
  });
  const more = byCount.length - MAX_CODES;
  return ['Errors by code:', ...lines, ...(more > 0 ? [`  and ${countOf(more, 'more code')}`] : [])];
}

/** At the job's own rate so far; nothing while nobody knows how much there is. */
function timeLeft({ state, requests: r, wallMs }: Summary): string {
  const ended = r.total - r.pending;
  return state === 'running' && ended > 0 ? ` (about ${durationText((r.pending / ended) * wallMs)} left)` : '';
}

/** Hosts are worth a line where there are several. */
function hostLines({ slowest, failing }: Summary): string[] {
  const slow =
    slowest.length < 2
      ? []
      : slowest.map((h) => `  ${h.host}  ${durationText(h.fetchMs / h.fetches)} a page, ${countOf(h.fetches, 'fetch', 'fetches')}`);
  const bad = failing.map((h) => `  ${h.host}  ${countOf(h.failed, 'request')} failed`);
  return [...(slow.length > 0 ? ['Slowest hosts:', ...slow] : []), ...(bad.length > 0 ? ['Failing hosts:', ...bad] : [])];
}

/** Hosts whose delay is listed. */
const MAX_DELAYS = 5;

function delayLines({ crawlDelays = {} }: Summary): string[] {
  const longest = Object.entries(crawlDelays).toSorted(([, a], [, b]) => b.keptMs - a.keptMs);
  if (longest.length === 0) return [];
  const lines = longest.slice(0, MAX_DELAYS).map(([origin, { declaredMs, keptMs }]) => {
    const kept = keptMs < declaredMs ? `; ${durationText(keptMs)}, the most that is granted, are kept` : '';
    return `  ${origin}  ${durationText(declaredMs)} between two requests${kept}`;
  });
  const more = longest.length - MAX_DELAYS;
  return ['Slowed down by crawl-delay in robots.txt:', ...lines, ...(more > 0 ? [`  and ${countOf(more, 'more host')}`] : [])];
}

function proxyLines({ proxies = {} }: Summary): string[] {
  const lines = Object.entries(proxies).map(
    ([proxy, { fetches, failures }]) => `  ${proxy}  ${countOf(fetches, 'fetch', 'fetches')}, ${numberText(failures)} failed by the proxy`,
  );
  return lines.length === 0 ? [] : ['Through proxies:', ...lines];
}

/** Two digits that say something, however small the amount. */
function dollars(usd: number): string {
  return usd >= 1 ? fixedText(usd, 2) : significantText(usd, 2);
}
