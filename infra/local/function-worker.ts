import type { Context } from 'aws-lambda';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { keepCode } from '../prebuilt/build-files.ts';
import type { FunctionName } from '../settings.ts';
import type { FromWorker, FunctionConfig, ToWorker, WorkerSetup } from './function-messages.ts';

// One worker thread: an execution environment that keeps each function loaded and runs several invocations at a time.

type Handler = (event: unknown, context: Context) => unknown;

const port = parentPort;
if (!port) throw new Error('function-worker.ts runs as a worker thread only.');
const { preload } = workerData as WorkerSetup;
/** Known with the environment, which every load waits for. */
let functions: Readonly<Record<FunctionName, FunctionConfig>>;
const handlers = new Map<FunctionName, Promise<Handler>>();
/** When each invocation under way must have ended, ms since the epoch. */
const deadlines = new Set<{ ms: number }>();
const environment = Promise.withResolvers<void>();
let loading: Promise<unknown> = environment.promise;
for (const module of preload) {
  // A module that cannot be loaded is reported by the function that needs it.
  void import(module).catch(() => undefined);
}

/** One function after another, since each finds its own configuration in the environment while its module is evaluated. */
function handlerOf(name: FunctionName): Promise<Handler> {
  let handler = handlers.get(name);
  if (!handler) {
    handler = loading.then(() => load(name));
    handlers.set(name, handler);
    // A failed load is told to each invocation; the chain goes on to the next function.
    loading = handler.catch(() => undefined);
  }
  return handler;
}

async function load(name: FunctionName): Promise<Handler> {
  const { module, memoryMb } = functions[name];
  process.env['AWS_LAMBDA_FUNCTION_NAME'] = name;
  process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] = String(memoryMb);
  const { handler } = (await import(module)) as { handler?: Handler };
  if (typeof handler !== 'function') throw new TypeError(`${module} exports no function "handler"`);
  // Worker threads are terminated and never get to write the cache on exit.
  setImmediate(flushCompileCache);
  return handler;
}

function unsupported(): never {
  throw new Error('Handlers answer with a promise; the callback interface is not there.');
}

function contextOf(name: FunctionName, requestId: string, deadline: { readonly ms: number }): Context {
  const { memoryMb } = functions[name];
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadline.ms - Date.now()),
    done: unsupported,
    fail: unsupported,
    succeed: unsupported,
  };
}

async function invoke(call: ToWorker & { kind: 'invoke' }): Promise<FromWorker> {
  let failure: 'load' | 'thrown' = 'load';
  const deadline = { ms: 0 };
  try {
    const handler = await handlerOf(call.function);
    failure = 'thrown';
    deadline.ms = Date.now() + functions[call.function].timeoutMs;
    deadlines.add(deadline);
    return { kind: 'done', id: call.id, answer: await handler(call.event, contextOf(call.function, call.requestId, deadline)) };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', id: call.id, failure, message, stack: stack ?? message };
  } finally {
    deadlines.delete(deadline);
  }
}

async function run(call: ToWorker & { kind: 'invoke' }): Promise<void> {
  const answer = await invoke(call);
  // With a report the first job has been through all functions. Whoever hears of it may end this thread.
  if (call.function === 'report') keepCode();
  port?.postMessage(answer);
}

port.on('message', (call: ToWorker) => {
  if (call.kind === 'environment') {
    Object.assign(process.env, call.env);
    ({ functions } = call);
    environment.resolve();
  } else if (call.kind === 'hasten') for (const deadline of deadlines) deadline.ms = Math.min(deadline.ms, Date.now() + call.inMs);
  // A load that fails is reported by the invocation that needs it.
  else if (call.kind === 'load') void handlerOf(call.function).catch(() => undefined);
  else void run(call);
});
