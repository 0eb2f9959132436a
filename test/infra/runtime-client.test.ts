import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmbeddedAws } from '../../infra/local/embedded-aws.ts';
import type { FunctionName } from '../../infra/settings.ts';
import { functionNamed, synthesise } from './synthesised.ts';

/**
 * AWS's own runtime interface client, which is what loads a function in Lambda. Its native part takes minutes to build, so it is no
 * dependency; docs/deploying.md says how to have these tests run.
 */
const client = findClient();

/** Once for all of these tests, and not at all where they are skipped. */
const deployed = client === undefined ? undefined : synthesise({ scrapers: { page: {} } }, { bundled: true });

function findClient(): string | undefined {
  try {
    return createRequire(import.meta.url)
      .resolve('aws-lambda-ric/package.json')
      .replace(/package\.json$/, 'index.mjs');
  } catch {
    return undefined;
  }
}

interface Answer {
  /** Path behind `/2018-06-01/runtime/`. */
  readonly path: string;
  readonly body: unknown;
}

/** Runs an asset under the client against a runtime API that hands out one event (AWS Lambda developer guide, "Custom runtime API"). */
async function invoke(name: FunctionName, event: unknown): Promise<Answer> {
  await using stack = new AsyncDisposableStack();
  const aws = await startEmbeddedAws();
  stack.defer(() => aws.stop());
  if (!deployed) throw new Error('There is no runtime client.');
  const { template, directory } = deployed;
  const hash = (functionNamed(template, name).properties.Code.S3Key as string).replace(/\.zip$/, '');
  const { Handler } = functionNamed(template, name).properties as { Handler: string };
  let served = 0;
  const answer = Promise.withResolvers<Answer>();
  const api = createServer((request, response) => {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      // After the first event it waits, as Lambda lets it.
      if (served++ > 0) return;
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': 'request-1',
        'lambda-runtime-deadline-ms': String(Date.now() + 60_000),
        'lambda-runtime-invoked-function-arn': `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      });
      response.end(JSON.stringify(event));
      return;
    }
    response.writeHead(202).end('{}');
    void bodyOf(request).then((body) => answer.resolve({ path, body: JSON.parse(body || 'null') as unknown }), answer.reject);
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  stack.defer(() => new Promise<void>((resolve) => api.close(() => resolve())));
  stack.defer(() => api.closeAllConnections());
  const child = spawn(process.execPath, [client ?? '', Handler], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...aws.environment,
      PATH: process.env['PATH'],
      _HANDLER: Handler,
      LAMBDA_TASK_ROOT: join(directory, `asset.${hash}`),
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_LOG_GROUP_NAME: 'group',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
    },
  });
  stack.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  child.once('exit', (code) => answer.reject(new Error(`The runtime client ended with ${code}.`)));
  return await answer.promise;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString('utf8');
}

test.skipIf(client === undefined)('scrape answers an event without messages', async () => {
  expect(await invoke('scrape', { Records: [] })).toEqual({ path: 'invocation/request-1/response', body: { batchItemFailures: [] } });
});

test.skipIf(client === undefined)('report answers a tick', async () => {
  expect(await invoke('report', { kind: 'tick' })).toEqual({ path: 'invocation/request-1/response', body: { batchItemFailures: [] } });
});

test.skipIf(client === undefined)('enqueue answers an event without records', async () => {
  expect(await invoke('enqueue', { Records: [] })).toMatchObject({ path: 'invocation/request-1/response' });
});
