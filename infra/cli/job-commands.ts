import { Command, Option } from 'commander';
import { dataDirOption } from './option-values.ts';
import type { PlaceFlags } from './place.ts';
import type { SetExitCode } from './exit-codes.ts';

export interface StatusFlags extends PlaceFlags {
  readonly watch?: true;
  readonly json?: true;
  readonly html?: string;
}

export interface ExportFlags extends PlaceFlags {
  readonly out?: string;
}

export interface RetryFlags extends PlaceFlags {
  readonly code?: string;
}

/** `jobs`, `status`, `cancel`, `retry`, `export`: the same on this machine and, with --stack or --bucket, on AWS. */
export function jobCommands(setExitCode: SetExitCode): Command[] {
  const jobs = placed(new Command('jobs').description('List the jobs of a data directory or bucket.'))
    .option('--json', 'print their summaries as JSON')
    .action(async (flags: PlaceFlags & { json?: true }) => {
      const { listJobs } = await import('./jobs.ts');
      setExitCode(await listJobs(flags));
    });
  const status = placed(
    new Command('status').description('Show where a job stands: counts, rate, errors by code.').argument('<job>', 'its id'),
  )
    .option('--watch', 'follow it until it ends')
    .option('--json', 'print the summary as JSON')
    .option('--html <file>', 'write the report page to a file')
    .action(async (job: string, flags: StatusFlags) => {
      const { showStatus } = await import('./status.ts');
      setExitCode(await showStatus(job, flags));
    });
  const cancel = placed(new Command('cancel').description('Stop a job; what it has done is kept.').argument('<job>', 'its id')).action(
    async (job: string, flags: PlaceFlags) => {
      const { cancelJob } = await import('./cancel.ts');
      setExitCode(await cancelJob(job, flags));
    },
  );
  const exporting = placed(new Command('export').description('Write all results of a job to one file.').argument('<job>', 'its id'))
    .option('--out <file>', 'file ending with .jsonl, .csv or .parquet (default: JSON Lines to the standard output)')
    .action(async (job: string, flags: ExportFlags) => {
      const { exportJob } = await import('./export.ts');
      setExitCode(await exportJob(job, flags));
    });
  const retry = placed(
    new Command('retry').description('Try the failed requests of a finished job again, as its next attempt.').argument('<job>', 'its id'),
  )
    .option('--code <codes>', 'only these error codes, separated by commas: timeout,http-503')
    .action(async (job: string, flags: RetryFlags) => {
      const { retryJob } = await import('./retry.ts');
      setExitCode(await retryJob(job, flags));
    });
  return [jobs, status, cancel, retry, exporting];
}

function placed(command: Command): Command {
  return command
    .addOption(dataDirOption())
    .addOption(new Option('--stack <name>', 'a deployed stack, found in the cdk-outputs.json of this directory').conflicts('bucket'))
    .addOption(new Option('--bucket <name>', 'the bucket of a deployed stack, in place of a data directory'));
}
