// Hostile text on a terminal: nothing moves the cursor, hides, or reorders what stands there.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonForTerminal, printable } from './printable.ts';

test('an escape sequence is shown, not obeyed', () => {
  expect(printable('\u001b[2Jgone')).toBe('\\u{1b}[2Jgone');
});

test('a bidirectional override is shown, not obeyed', () => {
  expect(printable('safe\u202Etxt.exe')).toBe('safe\\u{202e}txt.exe');
});

test('long text is cut with a mark', () => {
  expect(printable('x'.repeat(500), 10)).toBe('xxxxxxxxx…');
});

test('JSON for a terminal is the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = JSON.stringify({ text });
      const shown = jsonForTerminal(line);
      expect(JSON.parse(shown)).toEqual({ text });
      expect(shown).not.toMatch(/[\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});
