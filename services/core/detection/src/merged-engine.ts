// Judges the records of all partitions in one sequence as live detectors do: each partition by itself.
import { parseStream } from '@sandtrail/schemas/stream';
import { createEngine, type Engine, type EngineCounts, type EngineOptions } from './engine.ts';
import type { EngineEvent } from './engine-event.ts';
import { partitionOf } from './partition.ts';

interface MergedOptions extends EngineOptions {
  /** Partitions of the events topic in the log that the records come from. */
  readonly partitions: number;
}

/**
 * An engine for a merged sequence. A tick is heard by the sandboxes of its own partition, as it was
 * live: a finding that one of them decides has that tick as its evidence. A tick that names no
 * partition is heard by all.
 */
export function createMergedEngine(options: MergedOptions): Pick<Engine, 'step' | 'counts'> {
  const { partitions } = options;
  const engines = new Map<number, Engine>();
  let events = 0;
  const engineOf = (partition: number): Engine => {
    const engine = engines.get(partition) ?? createEngine(options);
    engines.set(partition, engine);
    return engine;
  };
  return {
    step(event) {
      events += 1;
      if (event.body.kind !== 'control.tick')
        return engineOf(partitionOf(event.header.sandbox, { partitions })).step(event);
      const partition = tickedPartition(event);
      if (partition !== undefined) return engineOf(partition).step(event);
      return [...engines.values()].flatMap((engine) => engine.step(event));
    },
    counts() {
      const all = [...engines.values()].map((engine) => engine.counts());
      const sum = (of: keyof EngineCounts) => all.reduce((total, each) => total + each[of], 0);
      return {
        events,
        repeated: sum('repeated'),
        findings: sum('findings'),
        suppressed: sum('suppressed'),
        evicted: sum('evicted'),
      };
    },
  };
}

function tickedPartition({ body }: EngineEvent): number | undefined {
  const partition = /^tick-(\d{1,4})$/.exec(parseStream(body.stream).collector)?.[1];
  return partition === undefined ? undefined : Number(partition);
}
