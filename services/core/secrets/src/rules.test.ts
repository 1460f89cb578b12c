import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createMatcher } from './matcher.ts';
import { rules } from './rules.ts';
import { createScanner } from './scanner.ts';
import { secretlintEngine } from './secretlint.ts';
import { undominated } from './span.ts';

const scanner = createScanner({
  fingerprintKey: new Uint8Array(32),
  secondEngine: secretlintEngine,
});

describe.each(rules.map((rule) => [rule.id, rule] as const))('rule %s', (id, rule) => {
  test('finds each of its own examples, and names it', () => {
    for (const text of rule.hits()) {
      const told = undominated(scanner.scan(text, { decode: false }).spans);
      expect(
        told.map((span) => span.rule),
        text,
      ).toContain(id);
    }
  });

  test('finds nothing in its counter-examples', () => {
    const matcher = createMatcher([rule]);
    for (const text of rule.misses()) expect(matcher(text).spans, text).toEqual([]);
  });
});

test('there are at least forty rules, each with a name of its own', () => {
  expect(rules.length).toBeGreaterThanOrEqual(40);
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
});

test('keywords are lower-case ASCII and patterns are sticky, or global for digits', () => {
  for (const rule of rules) {
    for (const keyword of rule.keywords) expect(keyword).toMatch(/^[\x20-\x40\x5b-\x7e]+$/);
    expect(rule.pattern.flags.includes(rule.digits === true ? 'g' : 'y'), rule.id).toBe(true);
  }
});

test('no file of the pack makes a scanner bark', async () => {
  const folder = new URL('./rules/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const { spans } = await scanner.scanFully(readFileSync(new URL(name, folder), 'utf8'));
    expect(
      spans.filter((span) => span.class === 'secret'),
      name,
    ).toEqual([]);
  }
});
