import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecordBatch, encodeRecordBatch } from './record-batch.ts';

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const records = fc.array(fc.record({ body: bytes, erasable: bytes }), { maxLength: 8 });

test('a batch is read as it was laid out', () => {
  fc.assert(
    fc.property(records, (batch) => {
      expect(decodeRecordBatch(encodeRecordBatch(batch))).toEqual(batch);
    }),
  );
});

test('a batch that is cut anywhere but between records is refused in words', () => {
  fc.assert(
    fc.property(records, fc.nat(), (batch, at) => {
      const whole = encodeRecordBatch(batch);
      const cut = whole.subarray(0, at % (whole.length + 1));
      const read = decodeRecordBatch(cut);
      if (typeof read === 'string')
        expect(read).toMatch(/^the (?:body|erasable part) of record \d/);
      else expect(encodeRecordBatch(read)).toEqual(cut);
    }),
  );
});

test('arbitrary bytes are a batch that reads back to them, or are refused', () => {
  fc.assert(
    fc.property(bytes, (arbitrary) => {
      const read = decodeRecordBatch(arbitrary);
      if (typeof read !== 'string') expect(encodeRecordBatch(read)).toEqual(arbitrary);
    }),
  );
});
