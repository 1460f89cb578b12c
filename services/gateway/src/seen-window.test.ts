import { expect, test } from 'vitest';
import { SeenWindow } from './seen-window.ts';

const options = { recordsMax: 1024, recordsPerStreamMax: 128 };
const record = (seq: number, fields: { bodyHash?: string; batch: number; stream?: string }) => ({
  stream: 's',
  seq: BigInt(seq),
  bodyHash: 'h'.repeat(32),
  ...fields,
});

test('the same body again is a retransmission, another body an equivocation', () => {
  const window = new SeenWindow(options);
  const batch = window.begin();
  expect(window.note(record(0, { batch }))).toBe('fresh');
  expect(window.note(record(0, { batch }))).toBe('retransmission');
  expect(window.note(record(0, { batch, bodyHash: 'o'.repeat(32) }))).toBe('equivocation');
});

test('what is not yet durable is not acknowledged to another batch', () => {
  const window = new SeenWindow(options);
  const first = window.begin();
  window.note(record(0, { batch: first }));
  const second = window.begin();
  expect(window.note(record(0, { batch: second }))).toBe('fresh');
  window.settle(first, { failed: [] });
  expect(window.note(record(0, { batch: second }))).toBe('retransmission');
});

test('what failed is forgotten', () => {
  const window = new SeenWindow(options);
  const batch = window.begin();
  window.note(record(0, { batch }));
  window.settle(batch, { failed: [record(0, { batch })] });
  expect(window.note(record(0, { batch: window.begin() }))).toBe('fresh');
});

test('a window that grows keeps what it has, the first record too', () => {
  const window = new SeenWindow(options);
  const batch = window.begin();
  const seen = () => Array.from({ length: 100 }, (_, seq) => window.note(record(seq, { batch })));
  expect(new Set(seen())).toEqual(new Set(['fresh']));
  expect(new Set(seen())).toEqual(new Set(['retransmission']));
});

test('old records fall out at the bound of a stream, and the oldest stream at that of all', () => {
  const window = new SeenWindow(options);
  const batch = window.begin();
  for (let seq = 0; seq < 129; seq += 1) window.note(record(seq, { batch }));
  expect(window.note(record(1, { batch }))).toBe('retransmission');
  expect(window.note(record(0, { batch }))).toBe('fresh');
  for (let stream = 0; stream < 16; stream += 1) {
    window.note(record(0, { batch, stream: `${stream}` }));
  }
  expect(window.note(record(5, { batch }))).toBe('fresh');
});

test('numbers far apart and beyond 2^53 are told apart', () => {
  const window = new SeenWindow(options);
  const batch = window.begin();
  for (const seq of [0n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    expect(window.note({ ...record(0, { batch }), seq })).toBe('fresh');
  }
  expect(window.note({ ...record(0, { batch }), seq: 2n ** 53n + 1n })).toBe('retransmission');
});
