import { expect, test } from 'vitest';
import { FunctionPool } from '../../../infra/local/function-pool.ts';
import { SPARE_MEMORY_MB } from '../../../infra/local/worker-thread.ts';
import { settings } from '../../../infra/settings.ts';

const WHERE = { module: new URL('handlers/where.ts', import.meta.url).href, memoryMb: 128, timeoutMs: 60_000 };

test('a lane stays on its thread, though the thread has not said yet that it is done with its last slice', async () => {
  const functions = { enqueue: WHERE, scrape: WHERE, report: WHERE };
  const pool = new FunctionPool({ setup: { functions, preload: [] }, threads: 2, env: {}, onOutput: () => undefined });
  pool.configure({});
  const where = (lane: string) => pool.invoke('scrape', { ends: true }, lane);
  try {
    const [a, b] = await Promise.all([where('a'), where('b')]);
    expect(a).not.toBe(b);
    const slices = ['a', 'b'].map((lane) => pool.invoke('scrape', { ends: false }, lane));
    for (const slice of slices) slice.catch(() => undefined);
    for (const lane of ['b', 'a', 'b']) expect(await where(lane)).toBe(lane === 'a' ? a : b);
  } finally {
    await pool.stop();
  }
});

test('a thread that was started ahead has the memory of any other', () => {
  expect(SPARE_MEMORY_MB).toBe(Math.max(...Object.values(settings.functions).map(({ memoryMb }) => memoryMb)));
});
