import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, parseRobots } from '../../functions/fetch/robots.ts';

const HOST = 'https://example.org';
/** Few letters, so that patterns and paths meet. */
const path = fc
  .string({ unit: fc.constantFrom('a', 'b', '/', '.', '?', '=', '%', 'é', '4', '1'), maxLength: 12 })
  .map((text) => `/${text}`);
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '$', '.', '?'), maxLength: 10 }).map((text) => `/${text}`);
const rule = fc.record({ allow: fc.boolean(), pattern });

const fileOf = (rules: readonly { readonly allow: boolean; readonly pattern: string }[]): string =>
  ['user-agent: *', ...rules.map(({ allow, pattern: p }) => `${allow ? 'allow' : 'disallow'}: ${p}`)].join('\n');

/** The same question to a regular expression. */
function matchesByRegExp(text: string, subject: string): boolean {
  const anchored = text.endsWith('$');
  const source = (anchored ? text.slice(0, -1) : text).replaceAll(/[.?$]/g, String.raw`\$&`).replaceAll(/\*+/g, '[^]*');
  return new RegExp(`^${source}${anchored ? '$' : ''}`).test(subject);
}

test('patterns match what regular expressions match', () => {
  fc.assert(
    fc.property(pattern, path, (text, subject) => {
      expect(matches(text, subject)).toBe(matchesByRegExp(text, subject));
    }),
    { numRuns: 5_000 },
  );
});

test('of all rules that match the longest decides, and of equals the one that allows', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), path, (rules, subject) => {
      // Percent signs, and dollars inside a pattern, change lengths on their way to one form.
      fc.pre(!/[%é]/.test(subject) && rules.every((one) => !/\$./.test(one.pattern)));
      const matching = rules.filter((one) => matchesByRegExp(one.pattern, subject));
      const longest = Math.max(...matching.map((one) => one.pattern.length));
      const deciding = matching.filter((one) => one.pattern.length === longest);
      const isAllowed = deciding.length === 0 || deciding.some((one) => one.allow);
      expect(parseRobots(fileOf(rules), 'x').allows(HOST + subject)).toBe(isAllowed);
    }),
    { numRuns: 2_000 },
  );
});

test('it does not matter over how many groups the rules of a crawler are spread', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 5 }), path, (rules, at, subject) => {
      fc.pre(at < rules.length);
      const other = 'user-agent: other\ndisallow: /';
      const groupOf = (part: typeof rules): string => fileOf(part).replace('user-agent: *', 'user-agent: x');
      const spread = [groupOf(rules.slice(0, at)), other, groupOf(rules.slice(at))].join('\n');
      expect(parseRobots(spread, 'x').allows(HOST + subject)).toBe(parseRobots(fileOf(rules), 'x').allows(HOST + subject));
    }),
  );
});

test('the order of rules does not matter', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), path, (rules, subject) => {
      const url = HOST + subject;
      expect(parseRobots(fileOf(rules.toReversed()), 'x').allows(url)).toBe(parseRobots(fileOf(rules), 'x').allows(url));
    }),
    { numRuns: 2_000 },
  );
});

test('what is allowed stays allowed when an allow rule is added, and forbidden when a disallow is', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), rule, path, (rules, more, subject) => {
      const url = HOST + subject;
      const before = parseRobots(fileOf(rules), 'x').allows(url);
      const after = parseRobots(fileOf([...rules, more]), 'x').allows(url);
      expect(after === before || after === more.allow).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('rules of other crawlers change nothing', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      path,
      (own, others, subject) => {
        const url = HOST + subject;
        const other = fileOf(others).replace('user-agent: *', 'user-agent: other');
        expect(parseRobots(`${other}\n\n${fileOf(own)}\n\n${other}`, 'x').allows(url)).toBe(parseRobots(fileOf(own), 'x').allows(url));
      },
    ),
  );
});

test('an escaped path is the same path', () => {
  const escaped = (text: string): string =>
    text.replaceAll(/[ab.]/g, (letter) => `%${letter.codePointAt(0)?.toString(16) ?? ''}`).replaceAll('é', '%c3%A9');
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), path, (rules, subject) => {
      const robots = parseRobots(fileOf(rules), 'x');
      // A lone percent sign could join with what follows.
      fc.pre(!subject.includes('%'));
      expect(robots.allows(HOST + escaped(subject))).toBe(robots.allows(HOST + subject));
    }),
  );
});

test('no file makes it throw', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'user-agent: x',
      'user-agent: *',
      'disallow: /',
      'allow',
      ':',
      'crawl-delay: 1e9',
      'disallow: %',
      'disallow: *$$*',
      '\0',
    ),
  );
  fc.assert(
    fc.property(fc.array(line), fc.uint8Array(), fc.webUrl(), (lines, tail, url) => {
      const robots = parseRobots(Buffer.concat([Buffer.from(lines.join('\n')), tail]), 'x');
      expect(robots.allows(url)).toBeTypeOf('boolean');
    }),
  );
});

test("a hostile pattern takes no longer than its length times the path's", () => {
  const hostile = `/${'*a'.repeat(5_000)}$`;
  const started = performance.now();
  expect(matches(hostile, `/${'a'.repeat(4_999)}b`)).toBe(false);
  // Backtracking without a bound would outlast the test by far; the bound is not about speed.
  expect(performance.now() - started).toBeLessThan(30_000);
});
