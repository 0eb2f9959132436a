import { threadId } from 'node:worker_threads';

/** Tells the thread that it runs on, or never ends. */
export async function handler({ ends }: { readonly ends: boolean }): Promise<number> {
  if (!ends) await new Promise(() => undefined);
  return threadId;
}
