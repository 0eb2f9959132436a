import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A function in a process of its own. */
export interface FunctionProcess extends AsyncDisposable {
  /** @throws {Error} what the handler threw, with its stack. */
  invoke(event: unknown): Promise<unknown>;
  /** What it wrote to its log so far: standard output and error. */
  log(): string;
}

/**
 * Starts a function.
 *
 * @param module - path of the module that exports `handler`.
 * @param env - all of its environment.
 */
export async function startFunction(module: string, env: Readonly<Record<string, string>>, timeoutMs: number): Promise<FunctionProcess> {
  let log = '';
  const child = fork(join(import.meta.dirname, 'function-process.mjs'), [module, String(timeoutMs)], {
    env: { ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (log += text.toString()));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The function ${module} ended:\n${log}`);
  });
  // Whoever waits for an answer hears of it; before and after, nobody needs to.
  ended.catch(() => {});
  await Promise.race([answer(child, (message) => 'ready' in message), ended]);
  let ids = 0;
  return {
    log: () => log,
    async invoke(event) {
      const id = ++ids;
      const reply = answer(child, (message) => message.id === id);
      child.send({ id, event });
      const message = await Promise.race([reply, ended]);
      if (message.error !== undefined) throw new Error(message.error);
      return message.answer;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    },
  };
}

interface Message {
  readonly ready?: true;
  readonly id?: number;
  readonly answer?: unknown;
  readonly error?: string;
}

function answer(child: ChildProcess, isIt: (message: Message) => boolean): Promise<Message> {
  return new Promise((resolve) => {
    const listen = (message: Message) => {
      if (!isIt(message)) return;
      child.off('message', listen);
      resolve(message);
    };
    child.on('message', listen);
  });
}
