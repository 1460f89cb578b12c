// Hostile text is cut so that nothing in it acts, and nothing of it is lost.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapedJson, piecesOf, plainText } from './code-points.ts';

test('ordinary text is one piece', () => {
  expect(piecesOf('npm ci && npm test – żółć 漢字')).toEqual([
    { text: 'npm ci && npm test – żółć 漢字' },
  ]);
  expect(piecesOf('')).toEqual([]);
});

test.each([
  ['a bidirectional override', 'a\u202eb', 'aU+202Eb'],
  ['an isolate', '\u2066x\u2069', 'U+2066xU+2069'],
  ['an escape sequence', '\u001b[31m', 'ESC[31m'],
  ['a zero-width joiner', 'pay\u200dpal', 'payU+200Dpal'],
  ['a tag character', '\u{e0041}', 'U+E0041'],
  ['a lone surrogate', '\ud800', 'U+D800'],
  ['a new line', 'a\nb', 'aLFb'],
])('%s is shown by name', (_name, text, shown) => {
  expect(plainText(text)).toBe(shown);
});

test('the pieces joined are the text again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(
        piecesOf(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }),
  );
});

test('copied JSON reads back as the same value and holds no unsafe code point', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const copied = escapedJson({ value, text });
      expect(JSON.parse(copied)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(piecesOf(copied.replaceAll('\n', '')).some((piece) => piece.mark !== undefined)).toBe(
        false,
      );
    }),
  );
});
