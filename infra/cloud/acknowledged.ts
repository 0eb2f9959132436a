import { Stack, Validations } from 'aws-cdk-lib';
import type { Rule } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { FunctionName, QueueName } from '../settings.ts';
import { access } from './access.ts';

interface Parts {
  readonly bucket: IBucket;
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly functions: Readonly<Record<FunctionName, Function>>;
  readonly everyMinute: Rule;
  readonly scheduler: Role | undefined;
  /** Whether the bucket is the stack's own and nobody logs access to it. */
  readonly unlogged: boolean;
  readonly tracing: boolean;
  /** Whether a customer-managed key encrypts bucket and queues. */
  readonly hasKey: boolean;
}

/**
 * What cdk-nag's AwsSolutions and Serverless packs find in an urldrop, with the reason why it stands. A test holds that nothing else
 * is found and that each of these is: whoever mends one takes its line out.
 *
 * @param scope - the urldrop; CDK's own helpers lie beside it in the stack.
 */
export function acknowledgeFindings(scope: IConstruct, parts: Parts): void {
  const { bucket, queues, functions, everyMinute } = parts;
  const stack = Stack.of(scope);
  for (const name of ['requestsDead', 'postponedDead', 'eventsDead'] as const) {
    acknowledge(queues[name], 'Serverless-SQSRedrivePolicy', 'It is the dead-letter queue itself: behind it an alarm calls a person.');
  }
  acknowledge(
    queues.eventsDead,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of EventBridge Scheduler, and the failure destination of enqueue, which the rule does not look at.',
  );
  if (parts.unlogged) {
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'Access logs would hold a line for each of the millions of objects that functions write. Give accessLogs, or use CloudTrail data events, where they are wanted.',
    );
  }
  for (const [name, fn] of Object.entries(functions) as [FunctionName, Function][]) {
    const { read, write, delete: deletes } = access[name];
    for (const prefix of new Set([...read, ...write, ...deletes])) {
      acknowledge(
        fn.role as IConstruct,
        `AwsSolutions-IAM5[Resource::${readable(stack.resolve(bucket.arnForObjects(`${prefix}*`)))}]`,
        `The objects under ${prefix} have names that are not known beforehand; the function needs no object elsewhere but those it is granted.`,
      );
    }
    acknowledge(
      fn,
      'Serverless-LambdaDLQ',
      'A DeadLetterConfig serves asynchronous events only. Failed ones go to the failure destination, which tells more, and messages to their queue’s dead-letter queue.',
    );
    if (parts.hasKey) acknowledgeKeyGrant(fn.role as IConstruct);
    if (parts.tracing) {
      acknowledge(
        fn.role as IConstruct,
        'AwsSolutions-IAM5[Resource::*]',
        'X-Ray knows no resources to name: the policy allows sending traces only.',
      );
    } else {
      acknowledge(
        fn,
        'Serverless-LambdaTracing',
        'Traces are an option (tracing): a job is followed by its log lines and its summary, and X-Ray is paid for by the trace.',
      );
    }
    acknowledge(
      fn,
      'Serverless-LambdaEventSourceMappingDestination',
      'Lambda knows destinations for streams only; an SQS source has its redrive policy instead, and each has one that ends at an alarm.',
    );
  }
  acknowledge(
    functions.report,
    'Serverless-LambdaAsyncFailureDestination',
    'The only asynchronous event is the tick of every minute: the next one does all of a failed one’s work, and an alarm counts the errors.',
  );
  acknowledge(
    everyMinute,
    'Serverless-EventBusDLQ',
    'A tick that could not be delivered is made good by the next, a minute later; kept ones would only be old.',
  );
  const notifications = stack.node.tryFindChild('BucketNotificationsHandler050a0587b7544547bf325f094a3db834');
  if (notifications) {
    acknowledge(
      notifications,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      'CDK’s own helper, which runs while the stack is deployed to tell the bucket whom to notify: CDK attaches the policy, and it allows writing logs only.',
    );
  }
  if (parts.scheduler) {
    acknowledge(
      parts.scheduler,
      `AwsSolutions-IAM5[Resource::${readable(stack.resolve(functions.enqueue.functionArn))}:*]`,
      'CDK lets the schedules invoke enqueue and its versions; the star stands for a version of this one function.',
    );
    if (parts.hasKey) acknowledgeKeyGrant(parts.scheduler);
  }
}

function acknowledgeKeyGrant(role: IConstruct): void {
  for (const action of ['kms:GenerateDataKey*', 'kms:ReEncrypt*']) {
    acknowledge(
      role,
      `AwsSolutions-IAM5[Action::${action}]`,
      'CDK’s grant to encrypt with this one key: the star stands for the variants of one action.',
    );
  }
}

/** Records that a finding of cdk-nag stands, and why. */
export function acknowledge(scope: IConstruct, id: string, reason: string): void {
  Validations.of(scope).acknowledge({ id, reason });
}

/** An ARN as cdk-nag writes it in the names of its findings. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (Ref !== undefined) return `<${Ref}>`;
  if (attribute) return `<${attribute.join('.')}>`;
  return join ? join[1].map(readable).join(join[0]) : JSON.stringify(value);
}
