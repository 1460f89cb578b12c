import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type OrderBounds, RowOrder } from './row-order.ts';

const bounds = { rowsMax: 8, sizeBytesMax: 1000 };

test('rows shuffled within the bound come out in order', () => {
  const positions = Array.from({ length: 8 }, (_, i) => i);
  fc.assert(
    fc.property(fc.shuffledSubarray(positions, { minLength: 8 }), (shuffled) => {
      expect(ordered(shuffled)).toEqual(positions);
    }),
  );
});

test('a missing row holds back no more than the bound', () => {
  const later = Array.from({ length: 30 }, (_, i) => i + 3);
  expect(ordered([0, 1, ...later])).toEqual([0, 1, ...later]);
  expect(ordered([5], { rowsMax: 0, sizeBytesMax: 1000 })).toEqual([5]);
});

test('rows that wait are bounded in bytes too', () => {
  expect(ordered([0, 2, 3, 1], { rowsMax: 8, sizeBytesMax: 15 })).toEqual([0, 2, 3, 1]);
});

test('every row comes out once, whatever comes in', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 60 }), (positions) => {
      const out = ordered(positions);
      const byNumber = (a: number, b: number) => a - b;
      expect(out.toSorted(byNumber)).toEqual(positions.toSorted(byNumber));
    }),
  );
});

function ordered(positions: readonly number[], within: OrderBounds = bounds): number[] {
  const out: number[] = [];
  const order = new RowOrder(({ pos }) => out.push(Number(pos)), within);
  const body = Buffer.alloc(10);
  for (const pos of positions)
    order.take({ pos: BigInt(pos), offset: 0n, header: Buffer.alloc(0), body, link: undefined });
  order.end();
  return out;
}
