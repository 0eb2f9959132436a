import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { optionTable } from '../../functions/options.ts';
import { scrapers } from '../../functions/scrapers/index.ts';
import { exitCodes } from './exit-codes.ts';
import { Interrupted } from './interrupt.ts';
import { invokedAs } from './invoked-as.ts';
import { withLocalCloud } from './local-session.ts';
import { functionOptionsOf } from './option-values.ts';
import type { UpFlags } from './up-command.ts';

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `urldrop up`: the local cloud for as long as nobody stops it. */
export async function up(flags: UpFlags): Promise<number> {
  const workers = flags.workers ?? availableParallelism();
  const options = {
    dataDir: flags.dataDir,
    port: flags.port ?? 0,
    workers,
    functionOptions: { ...functionOptionsOf(flags), [optionTable.minLanes.env]: String(workers) },
    schedules: Object.fromEntries(
      Object.values(scrapers).flatMap(({ name, schedule }) => (schedule === undefined ? [] : [[name, schedule]])),
    ),
  };
  try {
    await withLocalCloud(options, say, async ({ cloud, signal }) => {
      const { endpoint, region } = cloud.aws;
      process.stdout.write(`S3 answers at ${endpoint}, bucket ${cloud.objects.bucket}; data in ${flags.dataDir}. Ctrl-C stops it.

Drop a file:
  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=${region} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  aws s3 cp urls.txt s3://${cloud.objects.bucket}/urls/page/
See what comes of it, in another terminal:
  ${invokedAs()} jobs${flags.dataDir === '.urldrop' ? '' : ` --data-dir ${flags.dataDir}`}
`);
      if (!signal.aborted) await once(signal, 'abort');
      signal.throwIfAborted();
    });
    return exitCodes.done;
  } catch (error) {
    // Stopped on purpose: that is how it ends.
    if (error instanceof Interrupted) return exitCodes.done;
    throw error;
  }
}
