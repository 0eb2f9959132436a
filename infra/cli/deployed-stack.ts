import { readFileSync } from 'node:fs';
import { UsageError } from '../../functions/job/errors.ts';
import { nearestName } from '../../functions/job/nearest-name.ts';

/** Where `cdk deploy --outputs-file cdk-outputs.json` says what it made: the outputs of each stack, by its name. */
export const OUTPUTS_FILE = 'cdk-outputs.json';

export interface DeployedStack {
  readonly name: string;
  readonly bucket: string;
  readonly region: string;
}

type OutputsFile = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Finds a deployed urldrop in the outputs file of this directory. Other stacks in it do not count.
 *
 * @param name - of the stack; undefined where there is but one.
 * @throws {UsageError} `cdk-outputs`: no file, none in it, several, or none of that name; the message lists what is there.
 */
export function findDeployedStack(name: string | undefined): DeployedStack {
  const stacks = readStacks();
  const names = stacks.map((stack) => stack.name);
  if (stacks.length === 0) throw fault(`${OUTPUTS_FILE} names no urldrop stack: none has the outputs BucketName and Region. ${DEPLOY}`);
  if (name === undefined) {
    const [only, second] = stacks;
    if (only && !second) return only;
    throw fault(`${OUTPUTS_FILE} names ${names.length} urldrop stacks. Say which: ${names.map((n) => `--stack ${n}`).join(' or ')}.`);
  }
  const found = stacks.find((stack) => stack.name === name);
  if (found) return found;
  const near = nearestName(name, names);
  throw fault(
    `${OUTPUTS_FILE} names no urldrop stack ${name}. ${near === undefined ? `It names: ${names.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}

const DEPLOY = `Write it with: npx cdk deploy --outputs-file ${OUTPUTS_FILE}. Or name the bucket with --bucket NAME.`;

function readStacks(): DeployedStack[] {
  let text: string;
  try {
    text = readFileSync(OUTPUTS_FILE, 'utf8');
  } catch (error) {
    throw fault(`Cannot read ${OUTPUTS_FILE} in this directory (${(error as NodeJS.ErrnoException).code}). ${DEPLOY}`);
  }
  return Object.entries(parse(text)).flatMap(([name, outputs]) => {
    const { BucketName: bucket, Region: region } = outputs ?? {};
    return typeof bucket === 'string' && typeof region === 'string' ? [{ name, bucket, region }] : [];
  });
}

function parse(text: string): Partial<OutputsFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault(`${OUTPUTS_FILE} is no JSON: ${(error as Error).message}. ${DEPLOY}`);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw fault(`${OUTPUTS_FILE} is not what the CDK writes: an object of stacks. ${DEPLOY}`);
}

function fault(message: string): UsageError {
  return new UsageError('cdk-outputs', message);
}
