// Reads the embedded log from another thread or process than the one that writes it.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { LogReader, LogRecord, Place, ReadOptions } from './bus.ts';
import { readLogIdentity } from './log-identity.ts';
import { PlaceReader } from './place-reader.ts';
import { placeName, placesOf } from './places.ts';
import { Signals } from './signals.ts';

const pollMsDefault = 20;

interface EmbeddedReaderOptions {
  readonly dir: string;
  /** The writer's `signalMemory`; without it (another process) arrivals are polled. */
  readonly signalMemory?: SharedArrayBuffer | undefined;
  readonly pollMs?: number;
}

/**
 * Opens an existing log for reading only; any number of readers may be open beside the writer.
 * @throws SandtrailError `DATA_DIR_DAMAGED` when there is no log or it cannot be read
 */
export async function openEmbeddedReader(options: EmbeddedReaderOptions): Promise<LogReader> {
  const identity = readLogIdentity(options.dir);
  if (identity === undefined) {
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: `${options.dir} holds no log` });
  }
  const names = placesOf(identity.partitions).map(placeName);
  const places = names.map((place, slot) => ({
    slot,
    reader: new PlaceReader({ dir: join(options.dir, place), log: identity.log, place }),
  }));
  return new EmbeddedReader(
    new Map(places.map((each, slot) => [names[slot] ?? '', each])),
    options,
  );
}

interface ReadPlace {
  readonly slot: number;
  readonly reader: PlaceReader;
}

class EmbeddedReader implements LogReader {
  readonly #places: ReadonlyMap<string, ReadPlace>;
  readonly #signals: Signals | undefined;
  readonly #pollMs: number;
  readonly #closing = new AbortController();

  constructor(places: ReadonlyMap<string, ReadPlace>, options: EmbeddedReaderOptions) {
    this.#places = places;
    this.#pollMs = options.pollMs ?? pollMsDefault;
    this.#signals = options.signalMemory && new Signals(options.signalMemory);
  }

  async read(place: Place, options: ReadOptions): Promise<readonly LogRecord[]> {
    const { slot, reader } = this.#place(place);
    if (this.#signals !== undefined && this.#signals.next(slot) <= options.from) return [];
    return reader.read(options);
  }

  async arrival(place: Place, offset: bigint, signal: AbortSignal): Promise<void> {
    const { slot, reader } = this.#place(place);
    const closing = this.#closing.signal;
    if (this.#signals !== undefined) return this.#signals.arrival(slot, offset, [signal, closing]);
    while (!signal.aborted && !closing.aborted && reader.bounds().next <= offset) {
      await pause(this.#pollMs, signal);
    }
  }

  async bounds(place: Place): Promise<{ readonly first: bigint; readonly next: bigint }> {
    return this.#place(place).reader.bounds();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { reader } of this.#places.values()) reader.close();
  }

  #place(place: Place): ReadPlace {
    const known = this.#places.get(placeName(place));
    assert(known !== undefined, `the log has the place ${placeName(place)}`);
    return known;
  }
}
