// What the core watches of its own work: the age of what is sealed, and the traces of findings.
import type { LogReader } from '@sandtrail/bus/bus';
import type { Found } from '@sandtrail/detector/detector';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Block } from '@sandtrail/store/store';
import { FindingTraces } from './finding-traces.ts';
import type { ProcessSurroundings } from './role.ts';

/** Hears of the core's parts. */
export interface SelfObservation {
  onSealed(block: Block): void;
  onFound(found: Found): void;
  close(): Promise<void>;
}

/** Nothing of it costs more than a reading of the clock for each block, unless traces are wanted. */
export function observeSelf(surroundings: ProcessSurroundings, reader: LogReader): SelfObservation {
  const { spans, clock, counters, log } = surroundings;
  const traces = new FindingTraces({ spans, clock });
  const closing = new AbortController();
  const following = traces.follow(reader, closing.signal).catch((error: unknown) => {
    counters.add('telemetry.traces_failed');
    log.warn('containment is not traced any further', { error: String(error) });
  });
  return {
    onSealed(block) {
      countAge(block, { clock, counters });
      traces.sealed(block);
    },
    onFound: (found) => traces.found(found),
    async close() {
      closing.abort();
      await following;
    },
  };
}

interface Watching {
  readonly clock: Clock;
  readonly counters: Counters;
}

/** The age of a block's first event, which waited longest: reading every header would cost every event. */
function countAge({ rows: [first] }: Block, { clock, counters }: Watching): void {
  const timeNs = /"timeNs":"(\d{1,20})"/.exec(first?.header.toString('latin1') ?? '')?.[1];
  if (timeNs === undefined) return;
  counters.time('sealer.event_to_sealed', Number(clock.nowNs() - BigInt(timeNs)) / 1e6);
}
