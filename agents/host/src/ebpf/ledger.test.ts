import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ledger, type LedgerLoss } from './ledger.ts';

/** A fence that was raised after the answer to the one before it. */
const fence = (number: number, atNs = 999n) => {
  return { atNs, token: BigInt(number), newest: BigInt(number) };
};

test('for any losses, what the kernel counted is what was seen and lost', () => {
  const arrivals = fc.array(fc.tuple(fc.nat({ max: 1 }), fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(arrivals, (records) => {
      const ledger = new Ledger();
      const reported: LedgerLoss[] = [];
      const counts = new Map<string, bigint>();
      for (const [processor, arrives] of records) {
        const number = (counts.get(`7,${processor}`) ?? 0n) + 1n;
        counts.set(`7,${processor}`, number);
        const loss = arrives ? ledger.record(7n, processor, number, number) : undefined;
        if (loss !== undefined) reported.push(loss);
      }
      for (const number of [1, 2, 3, 4]) reported.push(...ledger.snapshot(counts, fence(number)));
      const lost = BigInt(records.filter(([, arrives]) => !arrives).length);
      const { counted, seen, lost: inLedger } = ledger.totals(7n);
      expect({ counted, seen, lost: inLedger }).toEqual({
        counted: BigInt(records.length),
        seen: BigInt(records.length) - lost,
        lost,
      });
      expect(reported.reduce((sum, { count }) => sum + count, 0n)).toBe(lost);
    }),
  );
});

test('records still on their way at a fence are not taken for lost', () => {
  const ledger = new Ledger();
  const counts = new Map([['7,0', 2n]]);
  for (const number of [1, 2, 3]) expect(ledger.snapshot(counts, fence(number))).toEqual([]);
  ledger.record(7n, 0, 1n, 5n);
  ledger.record(7n, 0, 2n, 6n);
  for (const number of [4, 5, 6, 7]) expect(ledger.snapshot(counts, fence(number))).toEqual([]);
  expect(ledger.totals(7n).lost).toBe(0n);
});

test('fences that piled up while the reader stood still count as one', () => {
  const ledger = new Ledger();
  const counts = new Map([['7,0', 1n]]);
  for (const token of [1n, 2n, 3n, 4n, 5n, 6n])
    expect(ledger.snapshot(counts, { atNs: 9n, token, newest: 6n })).toEqual([]);
  ledger.record(7n, 0, 1n, 5n);
  for (const number of [7, 8, 9, 10]) expect(ledger.snapshot(counts, fence(number))).toEqual([]);
  expect(ledger.totals(7n)).toEqual({ counted: 1n, seen: 1n, lost: 0n });
});

test('a hole is lost at once, between the times of its neighbours', () => {
  const ledger = new Ledger();
  ledger.record(7n, 0, 1n, 100n);
  expect(ledger.record(7n, 0, 5n, 200n)).toEqual({
    cgroup: 7n,
    count: 3n,
    firstNs: 100n,
    lastNs: 200n,
  });
});

test('a cgroup that is forgotten leaves nothing', () => {
  const ledger = new Ledger();
  ledger.record(7n, 0, 1n, 100n);
  ledger.forget(7n);
  expect(ledger.totals(7n)).toEqual({ counted: 0n, seen: 0n, lost: 0n });
});
