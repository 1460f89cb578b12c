import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ledger, type LedgerLoss } from './ledger.ts';

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
      for (let fence = 0; fence < 4; fence += 1) reported.push(...ledger.snapshot(counts, 999n));
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
  for (let fence = 0; fence < 3; fence += 1) expect(ledger.snapshot(counts, 1n)).toEqual([]);
  ledger.record(7n, 0, 1n, 5n);
  ledger.record(7n, 0, 2n, 6n);
  for (let fence = 0; fence < 4; fence += 1) expect(ledger.snapshot(counts, 9n)).toEqual([]);
  expect(ledger.totals(7n).lost).toBe(0n);
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
