// The sealer: every place of the log becomes a chain of sealed rows in the store.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { VerifierKey } from '@sandtrail/chain/verifier-key';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { noSpans, type Spans } from '@sandtrail/runtime/spans';
import type { Block, Store } from '@sandtrail/store/store';
import { BlockWriter } from './block-writer.ts';
import { PlaceSealer, type SealerLimits, type SealingStatus } from './place-sealer.ts';
import { signedHeads } from './signed-heads.ts';

/** What the sealer needs. */
export interface SealerOptions {
  readonly bus: LogReader;
  readonly store: Store;
  /** Every place of the log; each becomes one chain. */
  readonly places: readonly Place[];
  /** The signer's keys: with them a start recomputes little, without them everything. */
  readonly keys?: readonly VerifierKey[];
  /** Hears of each block once its rows are durable. */
  readonly onSealed?: (block: Block) => void;
  readonly spans?: Spans;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly limits?: Partial<SealerLimits>;
}

/** A sealer that runs. */
export interface Sealer {
  /** How far each place is sealed, in the order of the places. */
  status(): readonly SealingStatus[];
  /** Writes what was read, saves states and ends. */
  stop(): Promise<void>;
}

const defaultLimits: SealerLimits = {
  blockRowsMax: 10_000,
  blockSizeBytesMax: 8 * 1024 * 1024,
  gatherMs: 500,
  stateRows: 50_000,
  retryMsMax: 5000,
};

/** Ticks reach all partitions at once: their blocks meet within this time and share an insert. */
const groupMs = 25;

/** Starts sealing. Every chain is taken on by itself: one that must stop stops no other. */
export function startSealer(options: SealerOptions): Sealer {
  const { bus, store, places, keys = [], onSealed, spans = noSpans, logger, counters } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const signed = signedHeads(keys);
  const writer = new BlockWriter({ store, gatherMs: groupMs, rowsMax: limits.blockRowsMax });
  const stopping = new AbortController();
  const sealers = places.map(
    (place) =>
      new PlaceSealer({
        place,
        bus,
        store,
        signed,
        writer,
        limits,
        onSealed,
        spans,
        logger,
        counters,
      }),
  );
  const runs = sealers.map((sealer) => sealer.run(stopping.signal));
  return {
    status: () => sealers.map((sealer) => sealer.status()),
    async stop() {
      stopping.abort();
      await Promise.all(runs);
    },
  };
}
