import { onTestFinished } from 'vitest';
import { startWeb, type Web } from './web.ts';

/** A web server, as {@link startWeb} starts it, until the test that asks for it has ended. */
export async function openWeb(...where: Parameters<typeof startWeb>): Promise<Web> {
  const web = await startWeb(...where);
  onTestFinished(() => web[Symbol.asyncDispose]());
  return web;
}
