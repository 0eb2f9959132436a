import type { Node } from 'constructs';
import { UsageError } from '../../functions/job/errors.ts';
import { logLevels, type LogLevel } from './functions.ts';

/** What `-c name=value` (or `context` in cdk.json) can say about a deployment. */
export interface DeploymentContext {
  /** Tells deployments in one account and region apart. */
  readonly stage: string | undefined;
  readonly contact: string | undefined;
  /** Name of a bucket that is there already. */
  readonly bucket: string | undefined;
  readonly scrapeMemoryMb: number | undefined;
  readonly maxConcurrency: number | undefined;
  readonly logRetentionDays: number | undefined;
  readonly allowedNetworks: readonly string[] | undefined;
  /** Name or full ARN of the secret with the proxies to fetch through. */
  readonly proxiesSecret: string | undefined;
  readonly alarmEmail: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly notifyEmail: string | undefined;
  readonly webhookUrl: string | undefined;
  readonly webhookSecret: string | undefined;
  readonly tracing: boolean | undefined;
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * Reads the deployment's context. The command line gives texts, cdk.json may give numbers and lists: both are taken.
 *
 * @param env - `URLDROP_CONTACT` stands in for `-c contact=…`.
 * @throws {UsageError} code `bad-context`, one line per fault: name, what is expected, what was given.
 */
export function readContext(node: Node, env: Readonly<Record<string, string | undefined>>): DeploymentContext {
  const faults: string[] = [];
  const given = (name: string): unknown => (node.tryGetContext(name) as unknown) ?? undefined;
  const fault = (name: string, expected: string): undefined => {
    faults.push(`-c ${name}=… must be ${expected}, not ${JSON.stringify(given(name))}.`);
    return undefined;
  };
  const text = (name: string, form: RegExp, expected: string): string | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    return typeof value === 'string' && form.test(value) ? value : fault(name, expected);
  };
  const whole = (name: string): number | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    return Number.isSafeInteger(number) ? (number as number) : fault(name, 'a whole number');
  };
  const list = (name: string): readonly string[] | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    const items: unknown = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    return Array.isArray(items) && items.every((item) => typeof item === 'string') ? items : fault(name, 'a list, separated by commas');
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? fault(name, `one of ${choices.join(', ')}`);
  };
  const flag = (name: string): boolean | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    return value === true || value === 'true' ? true : value === false || value === 'false' ? false : fault(name, 'true or false');
  };
  const secretName = (name: string): string | undefined => {
    const value = given(name);
    // Names: Secrets Manager CreateSecret; a full ARN ends in its six random characters.
    const form = /^(arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value;
    // What was given may be what belongs into the secret: it is not repeated.
    faults.push(`-c ${name}=… must be the name or full ARN of a secret in Secrets Manager, and is none.`);
    return undefined;
  };
  const context: DeploymentContext = {
    // Part of the stack's name (CloudFormation: letters, digits and hyphens).
    stage: text('stage', /^[a-z][a-z0-9-]{0,19}$/, '1 to 20 small letters, digits and hyphens, a letter first'),
    contact: text('contact', /./, 'an e-mail address or https URL') ?? env['URLDROP_CONTACT'],
    bucket: text('bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    scrapeMemoryMb: whole('scrapeMemoryMb'),
    maxConcurrency: whole('maxConcurrency'),
    logRetentionDays: whole('logRetentionDays'),
    allowedNetworks: list('allowedNetworks'),
    proxiesSecret: secretName('proxiesSecret'),
    alarmEmail: text('alarmEmail', EMAIL, 'an e-mail address'),
    logLevel: oneOf('logLevel', logLevels),
    notifyEmail: text('notifyEmail', EMAIL, 'an e-mail address'),
    webhookUrl: text('webhookUrl', /^https:\/\/\S+$/, 'an https URL'),
    webhookSecret: secretName('webhookSecret'),
    tracing: flag('tracing'),
  };
  if (faults.length > 0) throw new UsageError('bad-context', faults.join('\n'));
  return context;
}
