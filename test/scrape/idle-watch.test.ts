import { describe, expect, it } from 'vitest';
import { IdleWatch } from '../../functions/scrape/idle-watch.ts';

function watch(maxWaitMs = 2_000) {
  const home: string[] = [];
  const idle = new IdleWatch(maxWaitMs, () => 0);
  const a = { name: 'a' };
  const b = { name: 'b' };
  return { home, idle, a, b, send: (name: string) => () => home.push(name) };
}

describe('an invocation in which lanes wait', () => {
  it('goes on while one of them works', () => {
    const { home, idle, a, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 60_000, send('a'));
    expect(home).toEqual([]);
  });

  it('is given back when all of them would wait for long', () => {
    const { home, idle, a, b, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 60_000, send('a'));
    idle.wait(b, 5_000, send('b'));
    expect(home).toEqual(['a', 'b']);
  });

  it('waits when one of them goes on soon', () => {
    const { home, idle, a, b, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 60_000, send('a'));
    idle.wait(b, 1_500, send('b'));
    expect(home).toEqual([]);
  });

  it('waits longer the more of them would go by way of the queue', () => {
    const { home, idle, a, b, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 60_000, send('a'));
    idle.wait(b, 4_000, send('b'));
    expect(home).toEqual([]);
    idle.leave(b);
    idle.wait(a, 4_000, send('a'));
    expect(home).toContain('a');
  });

  it('is given back when the last one at work is done', () => {
    const { home, idle, a, b, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 60_000, send('a'));
    idle.leave(b);
    expect(home).toEqual(['a']);
  });

  it('counts a lane that went on as working again', () => {
    const { home, idle, a, b, send } = watch();
    idle.enter();
    idle.enter();
    idle.wait(a, 1_000, send('a'));
    idle.resume(a);
    idle.wait(b, 60_000, send('b'));
    expect(home).toEqual([]);
  });
});
