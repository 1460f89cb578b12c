import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBodyStart, receivedAtNs } from './body-start.ts';

const fields = { v: 1, stream: 'ebpf:n:1:sandbox-1:0', seq: '7', kind: 'file.open' };
const start = { kind: 'file.open', stream: 'ebpf:n:1:sandbox-1:0', seq: '7' };
const read = (body: unknown) => readBodyStart(Buffer.from(JSON.stringify(body)));

test('kind, stream and number are read wherever they stand in the body', () => {
  const entries = Object.entries({ ...fields, observedAtNs: '1', text: 'x', cause: { seq: '9' } });
  fc.assert(
    fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (order) => {
      expect(read(Object.fromEntries(order))).toEqual(start);
    }),
  );
});

test('text that looks like a field is not one', () => {
  const text = '","seq":"99","stream":"other","kind":"x';
  expect(read({ text, ...fields })).toEqual(start);
  expect(read({ cause: { stream: 'other', seq: '9', kind: 'x' }, ...fields })).toEqual(start);
});

test('fields beyond the first bytes are found all the same', () => {
  expect(read({ text: 'x'.repeat(5000), ...fields })).toEqual(start);
});

test.each([[[]], [null], ['text'], [{}], [{ ...fields, seq: 7 }], [{ kind: 'a', stream: 'b' }]])(
  'a body that is no event has none: %j',
  (body) => {
    expect(read(body)).toBeUndefined();
  },
);

test('the time is read from the header, and from no text in it', () => {
  const header = { credential: '"receivedAtNs":"1"', receivedAtNs: '22', timeNs: '3' };
  expect(receivedAtNs(Buffer.from(JSON.stringify(header)))).toBe(22n);
  expect(receivedAtNs(Buffer.from('{}'))).toBeUndefined();
});
