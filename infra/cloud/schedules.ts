/* oxlint-disable no-new -- a CDK construct attaches itself to the scope it is given. */
import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { UsageError } from '../../functions/job/errors.ts';

/** The three forms that EventBridge Scheduler takes (EventBridge Scheduler User Guide, "Schedule types"). */
const EXPRESSION = /^(cron|rate|at)\(.+\)$/;

export interface SchedulesProps {
  readonly scrapers: Readonly<Record<string, { readonly schedule?: string | undefined }>>;
  readonly enqueue: IFunction;
  /** Events that could not be delivered within a day. */
  readonly deadLetters: IQueue;
  /** What encrypts that queue, where it is a key of the operator's. */
  readonly key: IKey | undefined;
}

/** One EventBridge Scheduler entry per scraper that has a schedule, in a group of their own. Times are UTC. */
export class Schedules extends Construct {
  /** What Scheduler acts as; undefined where there is no schedule. */
  readonly role: Role | undefined;

  constructor(scope: Construct, id: string, { scrapers, enqueue, deadLetters, key }: SchedulesProps) {
    super(scope, id);
    const entries = Object.entries(scrapers).flatMap(([name, { schedule }]) => (schedule === undefined ? [] : [[name, schedule] as const]));
    if (entries.length === 0) return;
    const scheduleGroup = new ScheduleGroup(this, 'Group');
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        // Schedules of this group only: the role is of no use to anybody else's.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': scheduleGroup.scheduleGroupArn } },
      }),
    });
    key?.grantEncryptDecrypt(this.role);
    for (const [scraper, expression] of entries) {
      if (!EXPRESSION.test(expression)) {
        throw new UsageError(
          'bad-schedule',
          `The schedule of scraper ${scraper} is ${JSON.stringify(expression)}: write cron(…), rate(…) or at(…), such as "cron(0 6 * * ? *)".`,
        );
      }
      new Schedule(this, scraper, {
        description: `urldrop: starts the scraper ${scraper}`,
        schedule: ScheduleExpression.expression(expression),
        scheduleGroup,
        target: new LambdaInvoke(enqueue, {
          // The planned time names the job: Scheduler delivers at least once, and a second delivery is then the same job.
          input: ScheduleTargetInput.fromObject({ kind: 'schedule', scraper, at: ContextAttribute.scheduledTime }),
          role: this.role,
          deadLetterQueue: deadLetters,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      });
    }
  }
}
