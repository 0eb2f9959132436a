import { AssetHashType, DockerImage, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  ApplicationLogLevel,
  Code,
  Function,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
  type AssetCode,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optionTable } from '../../functions/options.ts';
import type { AsyncEventSettings, FunctionName, QueueName } from '../settings.ts';
import { access, grantAccess, grantSecret } from './access.ts';
import type { UrlDropSettings } from './overrides.ts';

const descriptions: Readonly<Record<FunctionName, string>> = {
  enqueue: 'Turns a dropped file of URLs into batches, and puts postponed ones back',
  scrape: 'Fetches and extracts the pages of up to ten batches',
  report: 'Sums up jobs every minute, and ends what reached a dead-letter queue',
};

/** Functions that feed a queue which feeds them: a batch's rest and the links it followed, a long enqueue that goes on. */
const loopsOnPurpose: ReadonlySet<FunctionName> = new Set(['enqueue', 'scrape']);

/** What the functions log: `DEBUG` has a line for every page and failed attempt. */
export const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface FunctionsProps {
  readonly settings: UrlDropSettings;
  readonly bucket: IBucket;
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly environment: Readonly<Record<string, string>>;
  /** What the report function is told besides. */
  readonly reportEnvironment: Readonly<Record<string, string>>;
  /** Holds the list of proxies to fetch through. */
  readonly proxies: ISecret | undefined;
  readonly tracing: boolean;
  readonly logLevel: LogLevel;
  readonly vpc: IVpc | undefined;
  readonly subnets: readonly ISubnet[] | undefined;
}

/** The three functions, each with a log group and role of its own, and what feeds them from queues. */
export class Functions extends Construct {
  readonly byName: Readonly<Record<FunctionName, Function>>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { settings, queues } = props;
    const names = Object.keys(settings.functions) as FunctionName[];
    this.byName = Object.fromEntries(names.map((name) => [name, this.#function(name, props)])) as Record<FunctionName, Function>;
    for (const { queue, function: name, batchSize, maxConcurrency } of settings.eventSources) {
      this.byName[name].addEventSource(new SqsEventSource(queues[queue], { batchSize, maxConcurrency, reportBatchItemFailures: true }));
    }
  }

  #function(name: FunctionName, props: FunctionsProps): Function {
    const { settings, bucket, queues } = props;
    const { memoryMb, timeoutSeconds } = settings.functions[name];
    const events: AsyncEventSettings | undefined = (settings.asyncEvents as Partial<Record<FunctionName, AsyncEventSettings>>)[name];
    const proxies = access[name].fetches ? props.proxies : undefined;
    const logGroup = new LogGroup(this, `${name}Logs`, {
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- The enum's values are days; checkSettings knows which there are.
      retention: settings.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = createRole(this, name, logGroup, props.vpc !== undefined);
    const fn = new Function(this, name, {
      role,
      description: descriptions[name],
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundled(name),
      handler: 'index.handler',
      memorySize: memoryMb,
      timeout: Duration.seconds(timeoutSeconds),
      environment: {
        ...props.environment,
        ...(name === 'report' && props.reportEnvironment),
        ...(proxies && { [optionTable.proxiesSecret.env]: proxies.secretArn }),
      },
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[props.logLevel],
      logGroup,
      recursiveLoop: loopsOnPurpose.has(name) ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      tracing: props.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(props.vpc && { vpc: props.vpc, ...(props.subnets && { vpcSubnets: { subnets: [...props.subnets] } }) }),
      ...(events && {
        retryAttempts: events.retryAttempts,
        maxEventAge: Duration.seconds(events.maxAgeSeconds),
        ...(events.deadLetters !== undefined && { onFailure: new SqsDestination(queues[events.deadLetters as QueueName]) }),
      }),
    });
    grantAccess(role, access[name], bucket, queues);
    if (proxies) grantSecret(role, proxies);
    return fn;
  }
}

/** May write to its own log group; the managed policy that CDK would attach may write to every one of the account. */
function createRole(scope: Construct, name: FunctionName, logGroup: LogGroup, inVpc: boolean): Role {
  const role = new Role(scope, `${name}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  // Lambda's network interfaces have no names before they are made, so AWS's own policy for them covers all.
  if (inVpc) role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'));
  return role;
}

/**
 * A function's bundle as a CDK asset. By way of CDK's own bundling, which leaves it out where no code is needed (`cdk destroy`,
 * `cdk list`), and names the asset by what comes out, not by what went in.
 */
function bundled(name: FunctionName): AssetCode {
  // The function's own folder: CDK takes two assets of one folder for the same.
  return Code.fromAsset(join(import.meta.dirname, '../../functions', name), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // CDK wants an image to fall back on, which it never does: the local way either succeeds or throws.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle: (directory) => {
          for (const [file, contents] of bundleFiles()[name] ?? []) writeFileSync(join(directory, file), contents);
          return true;
        },
      },
    },
  });
}

/** A file's name and contents. */
type Files = readonly (readonly [name: string, contents: Buffer])[];

let bundles: Readonly<Record<string, Files>> | undefined;

/** The files of all functions' bundles, built once per process. */
function bundleFiles(): Readonly<Record<string, Files>> {
  if (bundles) return bundles;
  const folder = mkdtempSync(join(tmpdir(), 'urldrop-bundles-'));
  try {
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../bundle.ts'), folder], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) throw new Error('The functions could not be bundled; the reason is printed above.');
    const filesIn = (name: string): Files => readdirSync(join(folder, name)).map((file) => [file, readFileSync(join(folder, name, file))]);
    bundles = Object.fromEntries(readdirSync(folder).map((name) => [name, filesIn(name)]));
    return bundles;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
