import { App } from 'aws-cdk-lib';
import { SynthesisMessageLevel } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import cdk from '../../cdk.json' with { type: 'json' };
import { UrlDropStack, type UrlDropStackProps } from '../../infra/stack.ts';

/** A resource of a template, as CloudFormation reads it. */
export interface Resource {
  readonly Type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- Each resource type has a shape of its own, and a wrong path fails the test.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface Synthesised {
  readonly app: App;
  readonly stack: UrlDropStack;
  readonly template: Template;
  /** Folder of the cloud assembly. */
  readonly directory: string;
  /** Messages that `cdk deploy` stops at. */
  readonly errors: readonly string[];
}

/** One folder a process: the files of these tests share it, as they share the CDK. */
const directory = mkdtempSync(join(tmpdir(), 'urldrop-synth-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/**
 * Synthesises a stack as the app does, without the schema validation that `npm run synth` adds.
 *
 * @param props - a function where they need the stack's scope: a key, a network.
 * @param options.bundled - whether the functions' code is built as well.
 */
export function synthesise(
  props: Partial<UrlDropStackProps> | ((scope: Construct) => Partial<UrlDropStackProps>) = {},
  options: { readonly bundled?: boolean } = {},
): Synthesised {
  process.env['CDK_VALIDATION'] = 'false';
  const outdir = mkdtempSync(join(directory, 'assembly-'));
  const app = new App({
    context: { ...cdk.context, ...(options.bundled !== true && { 'aws:cdk:bundling-stacks': [] }) },
    outdir,
  });
  const given = typeof props === 'function' ? props(app) : props;
  const stack = new UrlDropStack(app, 'urldrop', { contact: 'you@example.org', ...given });
  const artifact = app.synth().getStackByName('urldrop');
  return {
    app,
    stack,
    template: artifact.template as Template,
    directory: outdir,
    errors: artifact.messages.filter((m) => m.level === SynthesisMessageLevel.ERROR).map((m) => m.entry.data as string),
  };
}

/** Resources of a type, by logical id. */
export function ofType(template: Template, type: string): Record<string, Resource> {
  return Object.fromEntries(Object.entries(template.Resources).filter(([, resource]) => resource.Type === type));
}

/** The one resource of a type whose logical id begins with `urldrop`'s path to it, CDK's hash left out. */
export function named(
  template: Template,
  type: string,
  path: string,
): { readonly id: string; readonly properties: Resource['Properties'] } {
  const found = Object.entries(ofType(template, type)).filter(([id]) => id.replace(/[0-9A-F]{8}$/, '') === path);
  if (found.length !== 1)
    throw new Error(`Expected one ${type} at ${path}, found ${found.length} among ${Object.keys(template.Resources).join(', ')}.`);
  const [id, resource] = found[0] as [string, Resource];
  return { id, properties: resource.Properties };
}

export const queueNamed = (template: Template, name: string) => named(template, 'AWS::SQS::Queue', `UrlDropQueues${name}`);
export const functionNamed = (template: Template, name: string) => named(template, 'AWS::Lambda::Function', `UrlDropFunctions${name}`);

export const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Statements that a function's role has of its own. */
export function statementsOf(template: Template, functionName: string): readonly Statement[] {
  const { id } = named(template, 'AWS::IAM::Role', `UrlDropFunctions${functionName}Role`);
  return Object.values(ofType(template, 'AWS::IAM::Policy'))
    .filter((policy) => (policy.Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === id))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement as Statement[]);
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** An ARN or name with its references written as `<logical id>`, so that it can be read and compared. */
export function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const intrinsic = value as { Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::Join'?: [string, unknown[]] };
  if (intrinsic.Ref !== undefined) return `<${intrinsic.Ref}>`;
  if (intrinsic['Fn::GetAtt']) return `<${intrinsic['Fn::GetAtt'][0]}>`;
  if (intrinsic['Fn::Join']) return intrinsic['Fn::Join'][1].map(plain).join(intrinsic['Fn::Join'][0]);
  return JSON.stringify(value);
}
