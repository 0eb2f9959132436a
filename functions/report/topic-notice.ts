import type { Topic } from '../aws/topic.ts';
import { errorsPrefix, keys, resultsPrefix } from '../job/keys.ts';
import { skippedTotal, type Summary } from '../job/summary.ts';
import type { Channel } from './notices.ts';
import { bytes, duration } from './report-page.ts';

/** Tells an SNS topic, and by it whoever has subscribed: people get it as a mail. */
export function topicChannel(arn: string, bucket: string): Channel {
  let topic: Topic | undefined;
  return {
    name: 'topic',
    async send({ id, summary }) {
      // Loaded when there is something to say: most ticks have nothing.
      topic ??= new (await import('../aws/topic.ts')).Topic(arn);
      await topic.publish({
        subject: `urldrop: ${summary.id} ${summary.state}`,
        text: noticeText(summary, bucket),
        attributes: { id, job: summary.id, scraper: summary.scraper, state: summary.state },
      });
    },
  };
}

/** A summary in a few lines of plain text. */
export function noticeText(summary: Summary, bucket: string): string {
  const { requests, errors, changes } = summary;
  const errorLines = Object.entries(errors).map(([code, { count, url }]) => `  ${code}: ${count}, such as ${url}`);
  return [
    `Job ${summary.id} ${summary.state} after ${duration(summary.wallMs)}.`,
    '',
    `Requests: ${requests.total} (${requests.succeeded} succeeded, ${requests.failed} failed, ${skippedTotal(requests.skipped)} skipped)`,
    `Items: ${summary.items}`,
    ...(changes ? [`Since the last run: ${changes.new} new, ${changes.changed} changed, ${changes.gone} gone`] : []),
    `Fetched: ${bytes(summary.bytes.wire)}`,
    `Cost: $${summary.cost.usd}`,
    ...(errorLines.length > 0 ? ['Errors:', ...errorLines] : []),
    '',
    `Results: s3://${bucket}/${resultsPrefix(summary)}`,
    `Errors: s3://${bucket}/${errorsPrefix(summary)}`,
    `Report: s3://${bucket}/${keys.report(summary.id)}`,
    '',
  ].join('\n');
}
