import { Command } from 'commander';
import { assumed } from '../../functions/job/estimate.ts';
import { wholeNumber } from './option-values.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface EstimateFlags {
  readonly scraper: string;
  readonly concurrency?: number;
  readonly delay?: number;
  readonly pageMs: number;
  readonly json?: true;
}

export function estimateCommand(setExitCode: SetExitCode): Command {
  return new Command('estimate')
    .description('Say how many requests and hosts a file holds, and what it would take on AWS in time and dollars.')
    .argument('<file>', 'a file of URLs')
    .option('--scraper <name>', 'whose politeness counts', 'page')
    .option('--concurrency <n>', 'requests in flight per host', wholeNumber(1, 4_096, 'requests'))
    .option('--delay <ms>', 'pause between two requests to one host', wholeNumber(0, 3_600_000, 'ms'))
    .option('--page-ms <ms>', 'time that the sites take for a page', wholeNumber(1, 100_000, 'ms'), assumed.pageMs)
    .option('--json', 'print it as JSON')
    .action(async (file: string, flags: EstimateFlags) => {
      const { estimate } = await import('./estimate.ts');
      setExitCode(await estimate(file, flags));
    });
}
