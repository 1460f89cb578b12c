import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from './redact.ts';
import { createRegistry } from './registry.ts';
import { rules } from './rules.ts';
import { sample } from './sample.ts';
import { createScanner } from './scanner.ts';
import { StreamScanner } from './stream-scanner.ts';

const registry = createRegistry();
const canary = sample('base62', 40, 77);
registry.add({ id: 'c', class: 'canary', value: canary });
const scanner = createScanner({ fingerprintKey: new Uint8Array(32).fill(7), registry });

const whole = (text: string) => redact(scanner, text, 'text', { decode: false });

function inPieces(pieces: readonly string[]) {
  const stream = new StreamScanner({ scanner, field: 'text' });
  const got = [...pieces.map((piece) => stream.push(piece)), stream.end()];
  return {
    text: got.map((piece) => piece.text).join(''),
    redactions: got
      .flatMap((piece) => piece.redactions)
      .toSorted((a, b) => a.start - b.start || a.rule.localeCompare(b.rule)),
  };
}

function expectSame(pieces: readonly string[]) {
  const expected = whole(pieces.join(''));
  const got = inPieces(pieces);
  const order = expected.redactions.toSorted(
    (a, b) => a.start - b.start || a.rule.localeCompare(b.rule),
  );
  expect(got.redactions).toEqual(order);
  expect(got.text).toBe(expected.text);
}

const examples = rules.flatMap((rule) => rule.hits());
const filler = (length: number) =>
  'lorem ipsum dolor sit amet 2024-01-01 '.repeat(40).slice(0, length);

describe('a stream gives what the whole text gives', () => {
  test('for every split in two of every example', () => {
    for (const example of examples) {
      const text = `${filler(30)}\n${example}\n${filler(30)}`;
      const expected = whole(text);
      const step = Math.max(1, Math.floor(text.length / 150));
      for (let at = 0; at <= text.length; at += step) {
        const got = inPieces([text.slice(0, at), text.slice(at)]);
        expect(got.text).toBe(expected.text);
        expect(got.redactions.length).toBe(expected.redactions.length);
      }
    }
  });

  test('for examples beside each other, cut into pieces of any size', () => {
    const mixed = fc.array(
      fc.oneof(
        fc.constantFrom(...examples, canary, `Bearer ${canary}`),
        fc.nat(700).map(filler),
        fc.string({ maxLength: 20 }),
        fc.constantFrom('password=', 'token: ', '://a:', '@', ' ', '\n', '-----', '0123456789'),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        mixed,
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 8 }),
        (parts, sizes) => {
          const text = parts.join('');
          const pieces: string[] = [];
          for (let at = 0, turn = 0; at < text.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            pieces.push(text.slice(at, at + size));
            at += size;
          }
          expectSame(pieces);
        },
      ),
      { numRuns: 400, seed: 11 },
    );
  });

  test('for a key of many kilobytes, one character at a time', () => {
    const key = `-----BEGIN ${'PRIVATE'} KEY-----\n${sample('base64', 5000)}\n-----END ${'PRIVATE'} KEY-----`;
    const text = `${filler(600)}${key}${filler(600)}`;
    expectSame([...text]);
    expect(whole(text).redactions[0]?.length).toBeGreaterThan(5000);
  });
});

test('no more than the stated number of characters is held back between steps', () => {
  const stream = new StreamScanner({ scanner, field: 'text' });
  let heldMax = 0;
  for (let turn = 0; turn < 5000; turn += 1) {
    stream.push('abc def ');
    heldMax = Math.max(heldMax, stream.heldChars);
  }
  expect(heldMax).toBeLessThan(400 + 256 + 16);
});

test('what is released early is text without the secrets known so far, and a late rest is masked', () => {
  const token = `gh${'p_'}${sample('base62', 36)}`;
  const stream = new StreamScanner({ scanner, field: 'text' });
  const first = stream.push(`here ${token.slice(0, 20)}`);
  const released = stream.release();
  expect(first.text + released.text).toBe(`here ${token.slice(0, 20)}`);
  const rest = stream.push(`${token.slice(20)} end`);
  const last = stream.end();
  const redactions = [...rest.redactions, ...last.redactions];
  expect(redactions.map((one) => one.rule)).toEqual(['github-token']);
  expect(rest.text + last.text).not.toContain(token.slice(20));
  expect(rest.text + last.text).toMatch(/^\[redacted:github-token:.*\] end$/);
});

test('a thing told at a release is not told again', () => {
  const token = `gh${'p_'}${sample('base62', 36)}`;
  const stream = new StreamScanner({ scanner, field: 'text' });
  const pieces = [
    stream.push(`a ${token} b`),
    stream.release(),
    stream.push('c'.repeat(2000)),
    stream.end(),
  ];
  expect(pieces.flatMap((piece) => piece.redactions).length).toBe(1);
  expect(pieces.map((piece) => piece.text).join('')).not.toContain(token);
});
