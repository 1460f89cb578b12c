// All destinations at work over one store: what the forwarder's worker runs.
import path from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreReader } from '@sandtrail/store/store';
import type { Counts } from './cursor.ts';
import { DestinationRun, type DestinationStatus } from './destination-run.ts';
import { MessageCache } from './message-cache.ts';
import type { OutputParts } from './output.ts';
import type { Destinations } from './outputs.ts';
import { Tide } from './tide.ts';

/** What forwarding needs. */
export interface ForwardingOptions extends OutputParts {
  readonly destinations: Destinations;
  /** Where cursors and dead letters lie: a folder for each destination. */
  readonly dir: string;
  readonly store: Pick<StoreReader, 'chains' | 'tails' | 'rowBatches'>;
  readonly onCounted: (name: string, counts: Counts) => void;
  readonly onFailure: (name: string, code: string) => void;
}

/** Forwarding that runs. */
export interface Forwarding {
  /** Rows may have been stored. */
  look(): void;
  status(): readonly DestinationStatus[];
  /** Sends a destination's dead letters again. @throws SandtrailError `DESTINATION_UNKNOWN` */
  replay(name: string): Promise<{ readonly delivered: number; readonly left: number }>;
  /** Sends one test event. @throws SandtrailError `DESTINATION_UNKNOWN`, and what a delivery throws */
  test(name: string): Promise<{ readonly verdict: string }>;
  stop(): Promise<void>;
}

/** Starts a loop for each destination; they share the store and nothing else. */
export function startForwarding(options: ForwardingOptions): Forwarding {
  const { destinations, dir, store, onCounted, onFailure } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tide = new Tide({ store, onFailure: () => onFailure('store', 'STORE_UNAVAILABLE') });
  const cache = new MessageCache();
  const runs = Object.entries(destinations).map(([name, settings]) => {
    return new DestinationRun({
      ...options,
      ...{ name, settings, tide, cache, dir: path.join(dir, name) },
      onCounted: (counts) => onCounted(name, counts),
      onFailure: (code) => onFailure(name, code),
    });
  });
  const running = Promise.all([tide.run(signal), ...runs.map((run) => run.run(signal))]);
  const runOf = (name: string) => {
    const run = runs.find((each) => each.status().name === name);
    if (run === undefined) throw new SandtrailError('DESTINATION_UNKNOWN', { detail: name });
    return run;
  };
  return {
    look: () => tide.look(),
    status: () => runs.map((run) => run.status()),
    replay: async (name) => runOf(name).replay(signal),
    test: async (name) => runOf(name).test(signal),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
