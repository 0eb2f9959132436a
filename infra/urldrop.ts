/* oxlint-disable no-new -- a CDK construct attaches itself to the scope it is given. */
import { Annotations, Duration, Names } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { optionTable } from '../functions/options.ts';
import { acknowledgeFindings } from './cloud/acknowledged.ts';
import { Analytics } from './cloud/analytics.ts';
import { Alarms, createAlarmTopic } from './cloud/alarms.ts';
import { createBucket } from './cloud/bucket.ts';
import { createDashboard } from './cloud/dashboard.ts';
import { Functions, type LogLevel } from './cloud/functions.ts';
import { JobMetrics } from './cloud/job-metrics.ts';
import { LogQueries } from './cloud/log-queries.ts';
import { Notifications } from './cloud/notifications.ts';
import { withOverrides, type SettingsOverrides, type UrlDropSettings } from './cloud/overrides.ts';
import { Queues } from './cloud/queues.ts';
import { Schedules } from './cloud/schedules.ts';
import { userAgent } from './cloud/user-agent.ts';
import type { FunctionName, QueueName } from './settings.ts';

export interface UrlDropProps extends SettingsOverrides {
  /**
   * Who answers for the requests: an e-mail address or an https URL. Sites see it in the User-Agent and can write to you.
   * Undefined: the template is made, and `cdk deploy` refuses it.
   */
  readonly contact: string | undefined;
  /**
   * A bucket that is there already. Its other notifications stay; encryption, lifecycle and deletion are its owner's business
   * (docs/deploying.md has the lifecycle rules). Default: a new one, which outlives the stack.
   */
  readonly bucket?: IBucket | undefined;
  /**
   * The scrapers that the functions hold, by name: one with a schedule (an EventBridge Scheduler expression) starts by itself, and
   * Athena knows the results of each. Default: none start, and there are no tables.
   */
  readonly scrapers?: Readonly<Record<string, { readonly schedule?: string | undefined }>> | undefined;
  /** What this urldrop is called among others: in its metrics, and its Athena workgroup and database. Default: its path in the app. */
  readonly name?: string | undefined;
  /** CIDR blocks beside the public web that may be fetched. Default: none. */
  readonly allowedNetworks?: readonly string[] | undefined;
  /**
   * A secret with the proxies to fetch through: `http://user:password@host:port`, `https://…`, `socks5://…` or `socks5h://…`, one a line, or
   * as JSON `["…"]`. Default: none, straight.
   */
  readonly proxies?: ISecret | undefined;
  /** Customer-managed key for bucket and queues. Default: keys that S3 and SQS manage, at no cost. */
  readonly encryptionKey?: IKey | undefined;
  /** Where the new bucket's access logs go. Default: none. */
  readonly accessLogs?: IBucket | undefined;
  /** Network of the functions; without a NAT gateway in it they reach no site. Default: none, with the Internet at hand. */
  readonly vpc?: IVpc | undefined;
  /** Subnets in `vpc`. Default: its private ones. */
  readonly subnets?: readonly ISubnet[] | undefined;
  /** Who gets a mail when an alarm goes off or is over. Default: nobody; the alarms are there all the same. */
  readonly alarmEmail?: string | undefined;
  /** A topic of yours that alarms go to as well. Default: none. */
  readonly alarmTopic?: ITopic | undefined;
  /** Where docs/operations.md can be read, for the links in the alarms. Default: its path in the project. */
  readonly runbooks?: string | undefined;
  /** What the functions log; `DEBUG` has a line for every page, so that one URL can be followed, and is paid for. Default: INFO. */
  readonly logLevel?: LogLevel | undefined;
  /** Who gets a mail when a job has ended. Default: nobody. */
  readonly notifyEmail?: string | undefined;
  /** A topic of yours that is told when a job has ended, in place of `notifyEmail`. Default: none. */
  readonly notifyTopic?: ITopic | undefined;
  /** An https URL that each job which has ended is posted to. Default: none. */
  readonly webhookUrl?: string | undefined;
  /** A secret that signs what is posted. Default: it is not signed. */
  readonly webhookSecret?: ISecret | undefined;
  /** X-Ray traces. Default: off. */
  readonly tracing?: boolean | undefined;
}

/**
 * urldrop: drop a file of URLs under `urls/` of the bucket, and results appear under `results/`.
 * Bucket, queues, functions and schedules, wired and least-privileged; no servers, no database.
 */
export class UrlDrop extends Construct {
  readonly bucket: IBucket;
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly settings: UrlDropSettings;
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard;
  /** Undefined where no scraper was named. */
  readonly analytics: Analytics | undefined;

  /** @throws {UsageError} for a contact, schedule or setting that cannot be. */
  constructor(scope: Construct, id: string, props: UrlDropProps) {
    super(scope, id);
    this.settings = withOverrides(props);
    if (props.contact === undefined) {
      Annotations.of(this).addError(
        'Nobody answers for the requests. Deploy with -c contact=you@example.org (or URLDROP_CONTACT), so that sites can reach you.',
      );
    }
    this.queues = new Queues(this, 'Queues', this.settings.queues, props.encryptionKey).byName;
    this.bucket = props.bucket ?? createBucket(this, this.settings.bucket, { key: props.encryptionKey, accessLogs: props.accessLogs });
    const name = props.name ?? Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    const metrics = new JobMetrics(name);
    const notifications = new Notifications(this, 'Notifications', props);
    this.functions = new Functions(this, 'Functions', {
      settings: this.settings,
      bucket: this.bucket,
      queues: this.queues,
      environment: this.#environment(props),
      reportEnvironment: { ...metrics.environment, ...notifications.environment },
      proxies: props.proxies,
      tracing: props.tracing ?? false,
      logLevel: props.logLevel ?? 'INFO',
      vpc: props.vpc,
      subnets: props.subnets,
    }).byName;
    notifications.grantTo(this.functions.report);

    const { notifyPrefix } = this.settings.bucket;
    this.bucket.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(this.functions.enqueue), { prefix: notifyPrefix });
    const everyMinute = new Rule(this, 'EveryMinute', {
      description: 'urldrop: brings the summaries of running jobs up to date',
      schedule: Schedule.rate(Duration.minutes(this.settings.reportEveryMinutes)),
      targets: [new LambdaFunction(this.functions.report, { retryAttempts: 0, maxEventAge: Duration.seconds(60) })],
    });
    const scrapers = props.scrapers ?? {};
    const schedules = new Schedules(this, 'Schedules', {
      scrapers,
      enqueue: this.functions.enqueue,
      deadLetters: this.queues.eventsDead,
      key: props.encryptionKey,
    });
    if (Object.keys(scrapers).length > 0) {
      this.analytics = new Analytics(this, 'Analytics', {
        name,
        bucket: this.bucket,
        key: props.encryptionKey,
        scrapers: Object.keys(scrapers),
      });
    }
    this.alarms = new Alarms(this, 'Alarms', {
      thresholds: this.settings.alarms,
      queues: this.queues,
      functions: this.functions,
      metrics,
      runbooks: props.runbooks ?? 'docs/operations.md',
      topics: this.#alarmTopics(props),
    }).all;
    const logGroups = Object.values(this.functions).map((fn) => fn.logGroup);
    new LogQueries(this, 'LogQueries', name, logGroups);
    this.dashboard = createDashboard(this, { queues: this.queues, functions: this.functions, metrics, alarms: this.alarms });
    acknowledgeFindings(this, {
      bucket: this.bucket,
      queues: this.queues,
      functions: this.functions,
      everyMinute,
      scheduler: schedules.role,
      unlogged: props.bucket === undefined && props.accessLogs === undefined,
      tracing: props.tracing ?? false,
      hasKey: props.encryptionKey !== undefined,
    });
  }

  #alarmTopics({ alarmEmail, alarmTopic }: UrlDropProps): ITopic[] {
    const topics = alarmTopic === undefined ? [] : [alarmTopic];
    return alarmEmail === undefined ? topics : [...topics, createAlarmTopic(this, alarmEmail)];
  }

  /** What the functions read at their start, by the names of the option table. */
  #environment(props: UrlDropProps): Record<string, string> {
    const {
      bucket,
      requestsQueueUrl,
      postponedQueueUrl,
      userAgent: agent,
      allowedNetworks,
      sliceMs,
      scrapeMemoryMb,
      maxConcurrency,
    } = optionTable;
    const scraping = this.settings.eventSources.find((source) => source.function === 'scrape');
    return {
      [bucket.env]: this.bucket.bucketName,
      [requestsQueueUrl.env]: this.queues.requests.queueUrl,
      [postponedQueueUrl.env]: this.queues.postponed.queueUrl,
      [agent.env]: userAgent(props.contact),
      [scrapeMemoryMb.env]: String(this.settings.functions.scrape.memoryMb),
      ...(scraping && { [maxConcurrency.env]: String(scraping.maxConcurrency) }),
      [sliceMs.env]: String(this.settings.sliceSeconds * 1000),
      ...(props.allowedNetworks && props.allowedNetworks.length > 0 && { [allowedNetworks.env]: props.allowedNetworks.join(',') }),
    };
  }
}
