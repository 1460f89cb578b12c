import { createHash } from 'node:crypto';
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeState,
  encodeState,
  headOf,
  replayRows,
  sealRecords,
  startChain,
} from './chain-state.ts';
import { hexOf } from './hash.ts';
import { chainId } from './identity.ts';

const chain = chainId({ log: 'test', topic: 'events', partition: 0 }, '00'.repeat(16));
const header = Buffer.from('{"h":1}');
const records = Array.from({ length: 40 }, (_, i) => {
  const frame = encodeFrame({
    header,
    body: Buffer.from(`{"n":${i}}`),
    erasable: Buffer.from('later'),
  });
  return { offset: BigInt(i), sealedPart: sealedPart(frame) };
});
const rows = () =>
  sealRecords(startChain(chain), records).seals.map(({ pos, offset, link }, i) => ({
    pos,
    offset,
    header,
    body: Buffer.from(`{"n":${i}}`),
    link,
  }));

test('leaf and link are what the published formula gives, byte for byte', () => {
  const { seals } = sealRecords(startChain(chain), records.slice(0, 2));
  const id = Buffer.from(hexOf(chain), 'hex');
  let link = sha(Buffer.of(3), id);
  for (const [i, seal] of seals.entries()) {
    const body = Buffer.from(`{"n":${i}}`);
    const leaf = sha(Buffer.of(0), u64(i), u32(header.length), header, u32(body.length), body);
    link = sha(Buffer.of(2), link, u64(i), leaf);
    expect(seal.leaf.equals(leaf)).toBe(true);
    expect(seal.link.equals(link)).toBe(true);
  }
});

test('records split into any batches give identical rows and the same state', () => {
  const whole = sealRecords(startChain(chain), records);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), (cuts) => {
      let state = startChain(chain);
      const seals = [];
      let at = 0;
      for (const cut of [...cuts, records.length]) {
        const step = sealRecords(state, records.slice(at, at + cut));
        seals.push(...step.seals);
        state = step.state;
        at += cut;
      }
      expect(seals).toEqual(whole.seals);
      expect(encodeState(state)).toBe(encodeState(whole.state));
    }),
    { numRuns: 50 },
  );
});

test('a state survives being written and read back', () => {
  const { state } = sealRecords(startChain(chain), records);
  expect(decodeState(encodeState(state))).toEqual(state);
  expect(decodeState(encodeState(startChain(chain)))).toEqual(startChain(chain));
});

test('a damaged state is refused in words', () => {
  const text = encodeState(sealRecords(startChain(chain), records).state);
  expect(decodeState('')).toBeTypeOf('string');
  expect(decodeState('{}')).toBeTypeOf('string');
  expect(decodeState(text.replace('"size":"40"', '"size":"43"'))).toMatch(/do not fit/);
});

test('stored rows are replayed to the state that sealed them', () => {
  const sealed = sealRecords(startChain(chain), records);
  const replay = replayRows(startChain(chain), rows());
  expect(replay.mismatch).toBeUndefined();
  expect(headOf(replay.state)).toEqual(headOf(sealed.state));
});

test('a replay stops at the row that differs and says why', () => {
  const [first, second, third] = rows();
  if (!(first && second && third)) throw new Error('three rows were sealed');
  const forged = { ...second, body: Buffer.from('{"n":9}') };
  expect(replayRows(startChain(chain), [first, forged, third]).mismatch?.pos).toBe(1n);
  expect(replayRows(startChain(chain), [first, third]).mismatch?.detail).toMatch(/position 2/);
  const back = { ...second, offset: 0n };
  expect(replayRows(startChain(chain), [first, back]).mismatch?.detail).toMatch(/offset 0/);
});

test('a record whose offset does not rise stops the writer', () => {
  const { state } = sealRecords(startChain(chain), records);
  expect(() => sealRecords(state, records.slice(0, 1))).toThrow(/offsets rise/);
});

test('a hole in the offsets is sealed as it is, with positions dense', () => {
  const { seals } = sealRecords(
    startChain(chain),
    [records[0], records[5]].flatMap((r) => r ?? []),
  );
  expect(seals.map(({ pos, offset }) => [pos, offset])).toEqual([
    [0n, 0n],
    [1n, 5n],
  ]);
});

test('two places never share a chain id, whatever their names are', () => {
  const random = 'ab'.repeat(16);
  const ids = [
    chainId({ log: 'a', topic: 'bc', partition: 0 }, random),
    chainId({ log: 'ab', topic: 'c', partition: 0 }, random),
    chainId({ log: 'ab', topic: 'c', partition: 1 }, random),
    chainId({ log: 'ab', topic: 'c', partition: 1 }, 'cd'.repeat(16)),
  ];
  expect(new Set(ids).size).toBe(4);
});

function sha(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
