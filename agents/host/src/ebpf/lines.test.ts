import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineReader, type SensorLine, unescapeText } from './lines.ts';

const fixture = readFileSync(new URL('fixtures/hostile-names.jsonl', import.meta.url));

/** bpftrace 0.17's escapes (src/output.cpp): high bytes are printed as signed 32-bit numbers. */
function escapeLikeBpftrace(bytes: Buffer): Buffer {
  const parts = [...bytes].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    const short = '\b\f\n\r\t'.indexOf(String.fromCharCode(byte));
    if (short !== -1) return `\\${'bfnrt'[short]}`;
    if (byte < 0x20) return `\\u${byte.toString(16).padStart(4, '0')}`;
    if (byte > 0x7f) return `\\uffffff${byte.toString(16)}`;
    return String.fromCharCode(byte);
  });
  return Buffer.from(parts.join(''), 'latin1');
}

function readAll(chunks: readonly Buffer[]): SensorLine[] {
  const lines: SensorLine[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(chunk);
  return lines;
}

const bytesOf = fc
  .oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom('\\', 'u', 'f', '0', '"', 'n', '\u0000', '\u001b', 'ÿ', '}', '{'))
      .map((letters) => Buffer.from(letters.join(''), 'latin1')),
  )
  .map((bytes) => Buffer.from(bytes));

describe('escapes', () => {
  test('any bytes come back from the escapes as they were', () => {
    fc.assert(
      fc.property(bytesOf, (bytes) => {
        expect(unescapeText(escapeLikeBpftrace(bytes))).toEqual(bytes);
      }),
    );
  });

  test('a broken escape is refused and not guessed', () => {
    for (const text of ['\\', '\\x41', '\\u', '\\u00', '\\uffff', '\\u12345678', '\\uffffff41']) {
      expect(unescapeText(Buffer.from(text))).toBeUndefined();
    }
  });
});

describe('the incremental reader', () => {
  test('a recorded run reads the same however its bytes are cut', () => {
    const whole = readAll([fixture]);
    expect(whole).toHaveLength(90);
    expect(whole.filter(({ type }) => type === 'malformed')).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: fixture.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), fixture.length];
        const chunks = places.slice(1).map((end, at) => fixture.subarray(places[at], end));
        expect(readAll(chunks)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('no bytes whatever make it throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        readAll(chunks.map((chunk) => Buffer.from(chunk)));
      }),
    );
  });

  test('maps, losses and attached probes are read', () => {
    const lines = [
      '{"type": "attached_probes", "data": {"probes": 3}}',
      '{"type": "lost_events", "data": {"events": 12}}',
      '{"type": "map", "data": {"@s": {"7,0": 5}}}',
      '{"type": "time", "data": "12:00"}',
      'no JSON',
    ];
    expect(readAll([Buffer.from(`${lines.join('\n')}\n`)])).toEqual([
      { type: 'attached', probes: 3 },
      { type: 'lost', events: 12 },
      { type: 'map', name: '@s', counts: new Map([['7,0', 5n]]) },
      { type: 'malformed' },
      { type: 'malformed' },
    ]);
  });

  test('an endless line is dropped as one malformed line, and reading goes on behind it', () => {
    const endless = Array.from({ length: 40 }, () => Buffer.alloc(65_536, 0x61));
    const after = Buffer.from('\n{"type": "lost_events", "data": {"events": 1}}\n');
    expect(readAll([...endless, after])).toEqual([
      { type: 'malformed' },
      { type: 'lost', events: 1 },
    ]);
  });
});
