import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf, laneOf, laneShares, lanesFor } from '../../functions/job/lane.ts';

describe('a lane', () => {
  it('is the host with its port, whatever the path', () => {
    const rule = { groupBy: 'host', lanes: 1 } as const;
    expect(laneOf('https://shop.example/a/b?c#d', rule)).toBe('shop.example');
    expect(laneOf('http://127.0.0.1:8080?x=/y', rule)).toBe('127.0.0.1:8080');
    expect(laneOf('http://[::1]:99/', rule)).toBe('[::1]:99');
  });

  it('leaves out credentials, also where the path holds an @', () => {
    expect(hostOf('https://user:pw@shop.example/x')).toBe('shop.example');
    expect(hostOf('https://shop.example/@alice')).toBe('shop.example');
  });

  it('can be the registrable domain, private suffixes included', () => {
    const rule = { groupBy: 'site', lanes: 1 } as const;
    expect(laneOf('https://a.b.example.co.uk/', rule)).toBe('example.co.uk');
    expect(laneOf('https://alice.github.io/', rule)).toBe('alice.github.io');
    expect(laneOf('http://127.0.0.1/', rule)).toBe('127.0.0.1');
  });

  it('fits a message group id, however long the host, and tells long hosts apart', () => {
    const rule = { groupBy: 'host', lanes: 7 } as const;
    const long = (first: string) => `https://${first}${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.example/`;
    expect(laneOf(long('a'), rule).length).toBeLessThanOrEqual(128);
    expect(laneOf(long('a'), rule).split('#')[0]).not.toBe(laneOf(long('b'), rule).split('#')[0]);
  });

  it('agrees with the URL parser on every host', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (raw) => {
        const url = new URL(raw);
        expect(hostOf(url.href)).toBe(url.host);
      }),
    );
  });

  it('keeps a URL and spreads a host evenly over its shards', () => {
    const rule = { groupBy: 'host', lanes: 8 } as const;
    const counts = new Map<string, number>();
    for (let i = 0; i < 8_000; i++) {
      const lane = laneOf(`https://shop.example/page/${i}`, rule);
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    for (const n of counts.values()) expect(n).toBeGreaterThan(850);
  });

  it('stays one per host under any delay, since a single owner keeps it', () => {
    const lanes = (concurrency: number, delayMs: number, minLanes = 1) => lanesFor(concurrency, delayMs, { minLanes });
    expect(lanes(1_000, 1)).toBe(1);
    expect(lanes(64, 0)).toBe(1);
    expect(lanes(65, 0)).toBe(2);
    expect(lanes(1, 0)).toBe(1);
    expect(lanes(1, 0, 4)).toBe(1);
    expect(lanes(16, 0, 4)).toBe(2);
    expect(lanes(64, 0, 4)).toBe(4);
    expect(lanes(16, 1, 4)).toBe(1);
    expect(lanesFor(1_000, 0, { minLanes: 2, maxPerLane: 5_000 })).toBe(2);
  });

  it('divides the concurrency of a host by what its lanes have to do, all of it and no more', () => {
    expect(laneShares([54, 46], 100)).toEqual([54, 46]);
    expect(laneShares([10, 30, 0], 8)).toEqual([2, 4, 2]);
    fc.assert(
      fc.property(fc.array(fc.nat(9_999), { minLength: 1, maxLength: 40 }), fc.integer({ min: 40, max: 20_000 }), (counts, concurrency) => {
        fc.pre(counts.some((n) => n > 0));
        const shares = laneShares(counts, concurrency);
        expect(shares.reduce((sum, n) => sum + n, 0)).toBe(concurrency);
        const isEnough = counts.reduce((sum, n) => sum + Math.max(1, n), 0) <= concurrency;
        for (const [i, share] of shares.entries()) expect(share).toBeGreaterThanOrEqual(isEnough ? Math.max(1, counts[i] ?? 0) : 1);
      }),
    );
  });
});
