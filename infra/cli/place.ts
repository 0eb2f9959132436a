import { existsSync } from 'node:fs';
import type { ObjectStore } from '../../functions/aws/objects.ts';
import { UsageError } from '../../functions/job/errors.ts';
import { DEFAULT_DATA_DIR } from '../local/data-dir.ts';
import { openAwsBucket } from './aws-bucket.ts';
import { findDeployedStack, OUTPUTS_FILE } from './deployed-stack.ts';

/** Which bucket a command looks into: one on AWS, by its name or its stack's, or that of a local data directory. */
export interface PlaceFlags {
  readonly bucket?: string;
  readonly stack?: string;
  readonly dataDir: string;
}

/** A bucket of jobs, on AWS or on this machine. */
export interface Place {
  readonly objects: ObjectStore;
  /** For messages: `bucket my-bucket` or a directory. */
  readonly name: string;
  /** Flags that lead here again, with a space in front; empty for the default. */
  readonly flags: string;
  /** Functions work there now: what is dropped is taken up at once. */
  readonly isServed: boolean;
  close(): Promise<void>;
}

/**
 * Opens the bucket of a deployed stack, or of a data directory: through the process that has it (`urldrop up`, a run), else by
 * starting the embedded S3 on it, without any function. Where nothing is named and nothing has run, `cdk-outputs.json` says where.
 *
 * @throws {UsageError} `data-dir` if there is none; `cdk-outputs` and `aws` for a stack that is not found or not open.
 */
export async function openPlace(flags: PlaceFlags): Promise<Place> {
  if (flags.bucket !== undefined) return openAwsBucket({ bucket: flags.bucket, flags: ` --bucket ${flags.bucket}` });
  const isThere = existsSync(flags.dataDir);
  if (flags.stack !== undefined || (!isThere && flags.dataDir === DEFAULT_DATA_DIR && existsSync(OUTPUTS_FILE))) {
    const { name, bucket, region } = findDeployedStack(flags.stack);
    return openAwsBucket({ bucket, region, flags: ` --stack ${name}` });
  }
  if (!isThere)
    throw new UsageError(
      'data-dir',
      `There is no data directory ${flags.dataDir}: nothing has run here. Name another with --data-dir DIR, or a bucket with --bucket NAME.`,
    );
  const [{ createClients }, { ObjectStore: Store }] = await Promise.all([
    import('../../functions/aws/clients.ts'),
    import('../../functions/aws/objects.ts'),
  ]);
  const aws = await openDataDirS3(flags.dataDir);
  const { s3 } = createClients(true, { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  const { LOCAL_BUCKET } = await import('../local/bucket-name.ts');
  return {
    objects: new Store(s3, LOCAL_BUCKET),
    name: flags.dataDir,
    isServed: aws.isServed,
    flags: flags.dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${flags.dataDir}`,
    async close() {
      s3.destroy();
      await aws.stop();
    },
  };
}

interface LocalS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly isServed: boolean;
  stop(): Promise<void>;
}

async function openDataDirS3(dir: string): Promise<LocalS3> {
  const [{ openDataDir }, { ownerOf }] = await Promise.all([import('../local/data-dir.ts'), import('../local/data-dir-lock.ts')]);
  try {
    const dataDir = openDataDir(dir);
    const { startEmbeddedAws } = await import('../local/embedded-aws.ts');
    const aws = await startEmbeddedAws({ dataDir: dataDir.path });
    return {
      ...aws,
      isServed: false,
      async stop() {
        await aws.stop();
        dataDir.release();
      },
    };
  } catch (error) {
    const endpoint = ownerOf(dir)?.endpoint;
    if (!(error instanceof UsageError) || error.code !== 'data-dir-busy' || endpoint === undefined) throw error;
    return {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      isServed: true,
      stop: () => Promise.resolve(),
    };
  }
}
