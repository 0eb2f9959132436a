/* oxlint-disable no-new -- a CDK construct attaches itself to the scope it is given. */
import { App } from 'aws-cdk-lib';
import cdk from '../cdk.json' with { type: 'json' };
import { UsageError } from '../functions/job/errors.ts';
import { scrapers } from '../functions/scrapers/index.ts';
import { readContext } from './cloud/context.ts';
import { UrlDropStack } from './stack.ts';

try {
  // The cdk command hands the context on; run by itself (npm run synth), the app takes it from where the command does.
  const app = new App({ context: cdk.context, outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out' });
  const { stage, bucket, ...options } = readContext(app.node, process.env);
  const id = stage === undefined ? 'urldrop' : `urldrop-${stage}`;
  new UrlDropStack(app, id, {
    ...options,
    bucketName: bucket,
    name: id,
    scrapers,
    terminationProtection: stage === 'prod',
  });
  app.synth();
  // The stack's own error annotation is what `cdk deploy` stops at; cdk.json keeps it out of the validation report, which would stop this.
  if (options.contact === undefined) {
    console.error('Warning: this template cannot be deployed yet: set -c contact=you@example.org or URLDROP_CONTACT.');
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
