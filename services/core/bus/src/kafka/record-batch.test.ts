// Record batches as a broker stores them, laid out here by the published format, and damaged ones.
import { zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import crc32C from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import { expect, test } from 'vitest';
import { readBatches } from './record-batch.ts';

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function recordOf(value: Buffer, delta: number): Buffer {
  const body = Buffer.concat([
    ...[Buffer.from([0]), varint(-5_000_000_000), varint(delta), varint(-1)],
    ...[varint(value.length), value, varint(0)],
  ]);
  return Buffer.concat([varint(body.length), body]);
}

interface Making {
  readonly first?: bigint;
  readonly attributes?: number;
}

function batchOf(values: readonly Buffer[], { first = 0n, attributes = 8 }: Making = {}): Buffer {
  const records = Buffer.concat(values.map(recordOf));
  const packed = (attributes & 7) === 4 ? zstdCompressSync(records) : records;
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(first);
  head.writeInt32BE(49 + packed.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(values.length - 1, 23);
  head.writeBigInt64BE(1_700_000_000_123n, 35);
  head.writeInt32BE(values.length, 57);
  const batch = Buffer.concat([head, packed]);
  batch.writeUInt32BE(crc32C(batch.subarray(21)), 17);
  return batch;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));

test('every value comes back as it was, packed or not, from any offset on', async () => {
  const values = fc.array(bytes, { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.property(values, fc.constantFrom(8, 12), fc.nat(25), (given, attributes, skip) => {
      const set = batchOf(given, { first: 100n, attributes });
      const { records, next } = readBatches(set, 100n + BigInt(skip));
      expect(records.map(({ value }) => value.toString('hex'))).toEqual(
        given.slice(skip).map((value) => value.toString('hex')),
      );
      expect(records.every(({ appendedAtMs }) => appendedAtMs === 1_700_000_000_123)).toBe(true);
      expect(next).toBe(100n + BigInt(Math.max(given.length, skip)));
    }),
  );
});

test('batches follow each other, and one that is cut off is left to the next fetch', () => {
  const two = [batchOf([Buffer.from('a')]), batchOf([Buffer.from('b')], { first: 1n })];
  const set = Buffer.concat([...two, batchOf([Buffer.from('c')], { first: 2n }).subarray(0, 70)]);
  const { records, next } = readBatches(set, 0n);
  expect(records.map(({ offset, value }) => [offset, `${value}`])).toEqual([
    [0n, 'a'],
    [1n, 'b'],
  ]);
  expect(next).toBe(2n);
});

test('the mark of a transaction is no record, and takes its offset', () => {
  const { records, next } = readBatches(batchOf([Buffer.from('x')], { attributes: 0x28 }), 0n);
  expect(records).toEqual([]);
  expect(next).toBe(1n);
});

test('a bit that changed anywhere behind the checksum is found', () => {
  const whole = batchOf([Buffer.from('abc'), Buffer.from('def')]);
  for (let at = 21; at < whole.length; at += 1) {
    const harmed = Buffer.from(whole);
    harmed[at] = (harmed[at] ?? 0) ^ 1;
    expect(() => readBatches(harmed, 0n)).toThrowError(/BUS_DAMAGED|not whole/);
  }
});

test('lengths that lie are refused, whatever their checksum', () => {
  const lie = (at: number, value: number) => {
    const harmed = batchOf([Buffer.from('abc')]);
    harmed[at] = value;
    harmed.writeUInt32BE(crc32C(harmed.subarray(21)), 17);
    return harmed;
  };
  // The record's own length, then the value's, then a codec that nobody here writes.
  for (const harmed of [lie(61, 0xff), lie(61, 0), lie(70, 0x7e), lie(22, 2)]) {
    expect(() => readBatches(harmed, 0n)).toThrowError(/not whole/);
  }
});
