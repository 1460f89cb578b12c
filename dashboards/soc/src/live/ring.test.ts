// The ring of the live view: bounded, and nothing leaves uncounted.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyRing, type Ring, ringWith } from './ring.ts';

test('what is shown and what left are together what came', () => {
  const bursts = fc.array(fc.array(fc.integer(), { maxLength: 30 }), { maxLength: 20 });
  fc.assert(
    fc.property(bursts, fc.integer({ min: 1, max: 40 }), (added, rowsMax) => {
      let ring: Ring<number> = emptyRing;
      for (const burst of added) ring = ringWith(ring, burst, { rowsMax });
      const came = added.flat();
      expect(ring.rows).toEqual(came.slice(ring.left));
      expect(ring.left).toBe(Math.max(0, came.length - rowsMax));
    }),
  );
});
