import { describe, expect, test } from 'vitest';
import { createRegistry } from './registry.ts';
import { sample } from './sample.ts';
import { createScanner } from './scanner.ts';

const value = sample('base62', 24, 5);
const spellings: Readonly<Record<string, string>> = {
  plain: value,
  reversed: [...value].reverse().join(''),
  hex: Buffer.from(value).toString('hex'),
  'upper-case hex': Buffer.from(value).toString('hex').toUpperCase(),
  percent: [...Buffer.from(value)].map((byte) => `%${byte.toString(16)}`).join(''),
  'base64 after 0 bytes': Buffer.from(value).toString('base64'),
  'base64 after 1 byte': Buffer.from(`a${value}b`).toString('base64'),
  'base64 after 2 bytes': Buffer.from(`ab${value}cd`).toString('base64'),
  'base64 amid binary': Buffer.concat([
    Buffer.from([0, 255, 3, 9]),
    Buffer.from(value),
    Buffer.from([250]),
  ]).toString('base64'),
};

describe('a registered value is recognised', () => {
  test.each(Object.entries(spellings))('%s', (_name, spelling) => {
    const registry = createRegistry();
    registry.add({ id: 'a', class: 'canary', value });
    const [span] = registry.find(`before ${spelling} after`);
    expect(span?.rule).toBe('canary-value');
    expect(span?.start).toBeGreaterThanOrEqual(7);
    expect(span?.end).toBeLessThanOrEqual(7 + spelling.length);
  });

  test('as its own class, above the rule that knows its format', () => {
    const registry = createRegistry();
    const token = `gh${'p_'}${sample('base62', 36)}`;
    registry.add({ id: 'lease', class: 'issued', value: token });
    const scanner = createScanner({ fingerprintKey: new Uint8Array(32), registry });
    expect(scanner.scan(`use ${token}`).spans[0]).toMatchObject({ class: 'issued', tier: 0 });
  });
});

test('a value is forgotten when it is removed and when its lease ends', () => {
  const registry = createRegistry();
  registry.add({ id: 'a', class: 'issued', value, expiresAtMs: 1000 });
  expect(registry.find(value).length).toBe(1);
  registry.expire(999);
  expect(registry.find(value).length).toBe(1);
  registry.expire(1000);
  expect(registry.find(value)).toEqual([]);
  registry.add({ id: 'b', class: 'issued', value });
  registry.remove('b');
  expect(registry.find(value)).toEqual([]);
});

test('a value that is too short to be recognised is refused', () => {
  expect(createRegistry().add({ id: 'a', class: 'canary', value: 'short' })).toBe(false);
});

test('ten thousand values cost no more than one, and one more is refused', () => {
  const registry = createRegistry();
  for (let seed = 0; seed < 10_000; seed += 1)
    expect(
      registry.add({ id: `${seed}`, class: 'issued', value: sample('base62', 20, seed + 1) }),
    ).toBe(true);
  expect(registry.add({ id: 'more', class: 'issued', value })).toBe(false);
  expect(registry.find(`x ${sample('base62', 20, 5000)} y`).length).toBe(1);
});
