// A shipper into memory, for tests and benches: it keeps what it was given and fails when told to.
import type { OutgoingRecord, Shipper } from './shipper.ts';

/** Behaviour that a test may change while it runs. */
export interface MemoryShipper extends Shipper {
  /** Bodies in the order in which they were acknowledged. */
  readonly bodies: string[];
  readonly batches: number[];
  isAway: boolean;
  /** Record what comes, but lose the acknowledgement. */
  losesAnswers: boolean;
  delayMs: number;
  refuse: (body: string) => string | undefined;
}

/** A shipper that acknowledges at once. */
export function createMemoryShipper(): MemoryShipper {
  const shipper: MemoryShipper = {
    bodies: [],
    batches: [],
    isAway: false,
    losesAnswers: false,
    delayMs: 0,
    refuse: () => undefined,
    async ship(records: readonly OutgoingRecord[]) {
      const { delayMs } = shipper;
      await new Promise<void>((resolve) => {
        if (delayMs === 0) setImmediate(resolve);
        else setTimeout(resolve, delayMs);
      });
      if (shipper.isAway) throw new Error('away');
      const bodies = records.map(({ body }) => body.toString('utf8'));
      shipper.batches.push(bodies.length);
      const refused = bodies.flatMap((body, index) => {
        const code = shipper.refuse(body);
        return code === undefined ? [] : [{ index, code, detail: '' }];
      });
      const lost = new Set(refused.map(({ index }) => index));
      shipper.bodies.push(...bodies.filter((_body, index) => !lost.has(index)));
      if (shipper.losesAnswers) throw new Error('answer lost');
      return refused;
    },
    close: () => Promise.resolve(),
  };
  return shipper;
}
