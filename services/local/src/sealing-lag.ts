// How old events are when they are sealed: the first of each block, which waited longest.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Block } from '@sandtrail/store/store';

interface LagParts {
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Hears of sealed blocks and counts one age each: reading every header would cost every event. */
export function lagOfBlocks({ clock, counters }: LagParts): (block: Block) => void {
  return ({ rows: [first] }) => {
    const timeNs = /"timeNs":"(\d{1,20})"/.exec(first?.header.toString('latin1') ?? '')?.[1];
    if (timeNs === undefined) return;
    counters.time('sealer.event_to_sealed', Number(clock.nowNs() - BigInt(timeNs)) / 1e6);
  };
}
