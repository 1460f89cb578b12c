import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Body } from '../events.ts';
import { checkRim } from './rim.ts';
import { bodySizeBytesMax, Int64, Uint64 } from './scalars.ts';

const body = {
  kind: 'file.open',
  v: 1,
  stream: 'ebpf:node-1:1:sandbox-1:0',
  seq: '18446744073709551615',
  observedAtNs: '1764000000000000000',
  path: { raw: '/workspace/\u0000é\u{1f480}\u2028' },
  access: 'read',
  create: false,
  flags: 0,
};

describe('a hostile value has one fate', () => {
  test.each([
    ['bytes that are not UTF-8', Buffer.of(0x7b, 0xff, 0x7d), 'BODY_NOT_UTF8'],
    ['an overlong encoding', Buffer.of(0x22, 0xc0, 0xaf, 0x22), 'BODY_NOT_UTF8'],
    ['a surrogate encoded in UTF-8', Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'BODY_NOT_UTF8'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'BODY_NOT_JSON'],
    ['nothing', Buffer.alloc(0), 'BODY_NOT_JSON'],
    ['a raw NUL', Buffer.from('{"a":"\0"}'), 'BODY_NOT_JSON'],
    ['two objects', Buffer.from('{}{}'), 'BODY_NOT_JSON'],
    ['a bare string', Buffer.from('"a"'), 'BODY_NOT_JSON'],
    ['an array', Buffer.from('[]'), 'BODY_NOT_JSON'],
    ['null', Buffer.from('null'), 'BODY_NOT_JSON'],
    ['a key that stands twice', Buffer.from('{"a":1,"a":2}'), 'BODY_NOT_CANONICAL'],
    ['a key that stands twice with one value', Buffer.from('{"a":1,"a":1}'), 'BODY_NOT_CANONICAL'],
    ['white space', Buffer.from('{"a": 1}'), 'BODY_NOT_CANONICAL'],
    ['a newline at the end', Buffer.from('{}\n'), 'BODY_NOT_CANONICAL'],
    ['an integer beyond 2^53', Buffer.from('{"a":9007199254740993}'), 'BODY_NOT_CANONICAL'],
    [
      'a 64-bit integer as a number',
      Buffer.from('{"a":18446744073709551615}'),
      'BODY_NOT_CANONICAL',
    ],
    ['minus zero', Buffer.from('{"a":-0}'), 'BODY_NOT_CANONICAL'],
    ['a number beyond a double', Buffer.from('{"a":1e999}'), 'BODY_NOT_CANONICAL'],
    ['a number in another spelling', Buffer.from('{"a":1.0}'), 'BODY_NOT_CANONICAL'],
    ['an escape that is not needed', Buffer.from('{"a":"\\u0041"}'), 'BODY_NOT_CANONICAL'],
    ['keys that a reader would reorder', Buffer.from('{"b":1,"1":2}'), 'BODY_NOT_CANONICAL'],
    ['a lone high surrogate', Buffer.from('{"a":"\\ud800"}'), 'BODY_ILL_FORMED'],
    ['a lone low surrogate', Buffer.from('{"a":"x\\udfff"}'), 'BODY_ILL_FORMED'],
    ['a lone surrogate in a key', Buffer.from('{"\\udead":1}'), 'BODY_ILL_FORMED'],
    ['a lone surrogate after a backslash', Buffer.from('{"a":"\\\\\\ud800"}'), 'BODY_ILL_FORMED'],
    ['a name of 1 MiB', Buffer.from(`{"${'n'.repeat(bodySizeBytesMax)}":1}`), 'BODY_OVERSIZE'],
    [
      'nesting without end',
      Buffer.from(`{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
      'BODY_NOT_JSON',
    ],
  ])('%s is refused', (_what, bytes, code) => {
    const result = checkRim(bytes);
    expect(result).toMatchObject({ ok: false, code });
    expect(result.ok ? '' : result.detail).not.toBe('');
  });

  test.each([
    ['a NUL that is escaped', { a: '\0' }],
    ['a surrogate pair', { a: '\u{1f480}' }],
    ['a backslash before ud800', { a: '\\ud800' }],
    ['line separators', { a: '\u2028\u2029' }],
    ['a replacement character', { a: '\ufffd' }],
    ['an own key named __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['the largest exact integer', { a: Number.MAX_SAFE_INTEGER }],
  ])('%s is taken as it is', (_what, value) => {
    const bytes = Buffer.from(JSON.stringify(value));
    expect(checkRim(bytes)).toEqual({ ok: true, text: JSON.stringify(value), value });
  });

  test('the detail of a refusal repeats nothing of the body', () => {
    const result = checkRim(Buffer.from('{"token":"secret-value", "x":1}'));
    expect(result.ok ? '' : result.detail).not.toMatch(/secret|token/);
  });
});

describe('within the contract', () => {
  test('64-bit integers are decimal strings and lose nothing', () => {
    const rim = checkRim(Buffer.from(JSON.stringify(body)));
    expect(Body.parse(rim.ok ? rim.value : undefined).seq).toBe(2n ** 64n - 1n);
    expect(Uint64.safeParse('18446744073709551616').success).toBe(false);
    expect(Uint64.safeParse('01').success).toBe(false);
    expect(Int64.parse('-9223372036854775808')).toBe(-(2n ** 63n));
    expect(Int64.safeParse('-0').success).toBe(false);
  });

  test('a path that is not UTF-8 stands beside its text as bytes, so two paths are two events', () => {
    const twin = (byte: number) => ({
      ...body,
      path: { raw: '/\ufffd' },
      raw: [
        {
          field: 'path.raw',
          sizeBytes: 2,
          sha256: `${byte.toString(16)}`.padStart(64, '0'),
          base64: Buffer.of(0x2f, byte).toString('base64'),
        },
      ],
    });
    const texts = [0xff, 0xfe].map((byte) => JSON.stringify(twin(byte)));
    for (const text of texts) expect(Body.safeParse(JSON.parse(text)).success).toBe(true);
    expect(texts[0]).not.toBe(texts[1]);
  });

  test('a name longer than its field is refused, never cut', () => {
    const long = { ...body, path: { raw: 'n'.repeat(1_000_000) } };
    expect(checkRim(Buffer.from(JSON.stringify(long))).ok).toBe(true);
    expect(Body.safeParse(long).success).toBe(false);
  });

  test('a key that the contract does not know is refused', () => {
    expect(Body.safeParse({ ...body, more: 1 }).success).toBe(false);
    expect(
      Body.safeParse(JSON.parse(`{"__proto__":1,${JSON.stringify(body).slice(1)}`)).success,
    ).toBe(false);
  });
});

describe('any input', () => {
  test('bytes never make the check throw, and what passes is its own text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const result = checkRim(noise);
        if (result.ok) expect(Buffer.from(result.text).equals(noise)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('an object passes exactly when all its strings are well-formed', () => {
    const value = fc.object({ key: fc.string({ unit: 'binary' }), withNullPrototype: false });
    const withSurrogates = fc.string({
      unit: fc.constantFrom('\ud800', '\udc00', '\\', 'u', 'a', '"'),
    });
    fc.assert(
      fc.property(fc.record({ a: value, b: withSurrogates }), (object) => {
        const text = JSON.stringify(object);
        const canonical = JSON.stringify(JSON.parse(text)) === text;
        expect(checkRim(Buffer.from(text)).ok).toBe(canonical && isWellFormed(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  test('one changed character of a body is refused or is another canonical body', () => {
    const text = JSON.stringify(body);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, piece) => {
        const changed = text.slice(0, at) + piece + text.slice(at + 1);
        const result = checkRim(Buffer.from(changed));
        if (result.ok) expect(JSON.stringify(result.value)).toBe(changed.toWellFormed());
      }),
      { numRuns: 500 },
    );
  });
});

/** The slow, plain way: every string of the value, keys too. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, part]) => key.isWellFormed() && isWellFormed(part));
}
