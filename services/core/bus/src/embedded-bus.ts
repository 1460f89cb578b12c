// The embedded driver of the bus: one directory, one SQLite file for each segment of each place.
import { strict as assert } from 'node:assert';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { bodySizeBytesMax } from '@sandtrail/schemas/scalars';
import { partitionCount } from '@sandtrail/schemas/topics';
import { type AppendBounds, AppendQueue } from './append-queue.ts';
import { encodeBatch, type ReadSoFar } from './batch.ts';
import type { Bus, LogRecord, Place, ReadOptions } from './bus.ts';
import { genesisFrame } from './genesis.ts';
import { readLogIdentity, writeLogIdentity } from './log-identity.ts';
import { lockLog } from './log-lock.ts';
import type { LogSource } from './log-source.ts';
import { PlaceReader } from './place-reader.ts';
import { PlaceWriter } from './place-writer.ts';
import { type Partitions, placeName, placesOf } from './places.ts';
import { Reserve } from './reserve.ts';
import { createSegment } from './segment.ts';
import { Signals } from './signals.ts';

/** The bounds of the driver. */
export interface EmbeddedBusLimits extends AppendBounds {
  readonly segmentSizeBytesMax: number;
  readonly segmentRecordsMax: number;
  /** Newest records kept in memory, for each place. */
  readonly recentSizeBytesMax: number;
  /** How much one place commits before the other places and the event loop have their turn. */
  readonly commitSizeBytesMax: number;
  /** Disk space that events leave to findings, containment and control; 0 keeps none. */
  readonly reserveSizeBytes: number;
}

const defaultLimits: EmbeddedBusLimits = {
  valueSizeBytesMax: 3 * bodySizeBytesMax,
  pendingSizeBytesMax: 64 * 1024 * 1024,
  pendingAppendsMax: 16_384,
  segmentSizeBytesMax: 256 * 1024 * 1024,
  segmentRecordsMax: 2_000_000,
  recentSizeBytesMax: 8 * 1024 * 1024,
  commitSizeBytesMax: 4 * 1024 * 1024,
  reserveSizeBytes: 16 * 1024 * 1024,
};

/** What the driver needs; `partitions` are those of the contract unless told otherwise. */
export interface EmbeddedBusOptions {
  readonly dir: string;
  /** The log's name, up to 64 characters: part of every chain's identity. */
  readonly log: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly partitions?: Partitions;
  readonly limits?: Partial<EmbeddedBusLimits>;
}

/** The bus and what only the embedded driver has. */
export interface EmbeddedBus extends Bus {
  /**
   * Retention: deletes whole segments that lie before `before`, never the newest one. Returns how
   * many. The caller knows that everything before it is sealed.
   */
  release(place: Place, before: bigint): number;
}

/**
 * Opens the log in `dir`, or makes it with `control.genesis` at offset 0 of each place.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_DAMAGED`, `DATA_DIR_VERSION`,
 * `CONFIG_INVALID` (another name or other partitions than it was made with), `DISK_FULL`
 */
export async function openEmbeddedBus(options: EmbeddedBusOptions): Promise<EmbeddedBus> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const unlock = lockLog(options.dir);
  try {
    ensureLog(options);
    return new EmbeddedLog(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function ensureLog({ dir, log, clock, random, partitions = partitionCount }: EmbeddedBusOptions) {
  const identity = readLogIdentity(dir);
  if (identity !== undefined) {
    const same = placesOf(partitions).length === placesOf(identity.partitions).length;
    if (same && identity.log === log && isSubset(partitions, identity.partitions)) return;
    const detail = `${dir} holds the log ${identity.log} with other partitions or another name`;
    throw new SandtrailError('CONFIG_INVALID', { detail });
  }
  for (const place of placesOf(partitions)) {
    const name = placeName(place);
    const placeDir = join(dir, name);
    // Nothing was acknowledged before the identity was written: begin afresh.
    rmSync(placeDir, { recursive: true, force: true });
    mkdirSync(placeDir, { mode: 0o700 });
    const genesis = genesisFrame({ log, place, clock, random });
    const appendedAtMs = Number(clock.nowNs() / 1_000_000n);
    const batch = encodeBatch([genesis], { first: 0, appendedAtMs });
    createSegment(placeDir, { log, place: name, first: 0 }, [batch]);
  }
  writeLogIdentity(dir, { log, partitions });
}

function isSubset(some: Partitions, all: Partitions): boolean {
  return placesOf(some).every(({ topic, partition }) => partition < all[topic]);
}

/** A place with its two sides. */
interface OpenPlace {
  readonly name: string;
  /** Anybody can fill the log with events; what is done about them has space of its own. */
  readonly mayUseReserve: boolean;
  readonly writer: PlaceWriter;
  readonly reader: PlaceReader;
}

class EmbeddedLog implements EmbeddedBus {
  readonly name: string;
  readonly #dir: string;
  readonly #limits: EmbeddedBusLimits;
  readonly #counters: Counters;
  readonly #unlock: () => void;
  readonly #slots: ReadonlyMap<string, number>;
  readonly #places: readonly OpenPlace[];
  readonly #signals: Signals;
  readonly #reserve: Reserve;
  readonly #queue: AppendQueue;
  readonly #closing = new AbortController();
  #commit: NodeJS.Immediate | undefined;

  constructor(options: EmbeddedBusOptions, unlock: () => void) {
    const { dir, log, clock, random, counters, partitions = partitionCount } = options;
    this.name = log;
    this.#dir = dir;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#counters = counters;
    this.#unlock = unlock;
    const sizeBytes = this.#limits.reserveSizeBytes;
    this.#reserve = new Reserve({ dir, sizeBytes, clock, random, counters });
    this.#reserve.restore();
    const places = placesOf(partitions);
    this.#slots = new Map(places.map((place, slot) => [placeName(place), slot]));
    this.#queue = new AppendQueue(places.length, this.#limits);
    this.#signals = Signals.create(places.length);
    this.#places = places.map((each) => {
      const place = placeName(each);
      const files = { dir: join(dir, place), log, place };
      return {
        name: place,
        mayUseReserve: each.topic !== 'events',
        writer: new PlaceWriter({ ...files, ...this.#limits, clock }),
        reader: new PlaceReader(files),
      };
    });
    this.#places.forEach(({ writer }, slot) => {
      this.#signals.publish(slot, BigInt(writer.next));
    });
  }

  get source(): LogSource {
    return { type: 'embedded', dir: this.#dir, signalMemory: this.#signals.memory };
  }

  append(place: Place, values: readonly Buffer[]): Promise<bigint> {
    this.#counters.add('bus.received', values.length);
    const refusal = this.#closing.signal.aborted
      ? new SandtrailError('BUS_CLOSED', { detail: placeName(place) })
      : this.#queue.refusalOf(values);
    if (refusal !== undefined) {
      this.#counters.add('bus.append_failed', values.length, refusal.code);
      return Promise.reject(refusal);
    }
    const appended = this.#queue.push(this.#slot(place), values);
    // One turn of the event loop gathers what its callers have; then all commit together.
    this.#commit ??= setImmediate(() => this.#commitTurn());
    return appended;
  }

  async read(place: Place, options: ReadOptions): Promise<readonly LogRecord[]> {
    const { writer, reader } = this.#place(this.#slot(place));
    if (options.from >= BigInt(writer.next)) return [];
    const out: ReadSoFar = { records: [], sizeBytes: 0 };
    return writer.recent.read(options, out) ? out.records : reader.read(options);
  }

  async arrival(place: Place, offset: bigint, signal: AbortSignal): Promise<void> {
    await this.#signals.arrival(this.#slot(place), offset, [signal, this.#closing.signal]);
  }

  async bounds(place: Place): Promise<{ readonly first: bigint; readonly next: bigint }> {
    return this.#place(this.#slot(place)).reader.bounds();
  }

  release(place: Place, before: bigint): number {
    return this.#place(this.#slot(place)).writer.release(Number(before));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearImmediate(this.#commit);
    while (!this.#queue.isEmpty) this.#commitPlaces();
    for (const { writer, reader } of this.#places) {
      reader.close();
      writer.close();
    }
    this.#unlock();
  }

  #commitTurn() {
    this.#commitPlaces();
    this.#commit = this.#queue.isEmpty ? undefined : setImmediate(() => this.#commitTurn());
  }

  /** From the last topic to the first: findings and containment never wait behind events. */
  #commitPlaces() {
    for (let slot = this.#places.length - 1; slot >= 0; slot -= 1) this.#commitPlace(slot);
  }

  #commitPlace(slot: number) {
    const appends = this.#queue.take(slot, this.#limits.commitSizeBytesMax);
    if (appends.length === 0) return;
    const place = this.#place(slot);
    const { writer } = place;
    const values = appends.flatMap((append) => append.values);
    const first = writer.next;
    try {
      if (values.length > 0) this.#write(place, values);
    } catch (error) {
      this.#counters.add('bus.append_failed', values.length, failureCode(error));
      for (const append of appends) append.reject(error);
      return;
    }
    this.#counters.add('bus.appended', values.length);
    this.#counters.add('bus.commits');
    this.#signals.publish(slot, BigInt(writer.next));
    let offset = first;
    for (const append of appends) {
      append.resolve(BigInt(offset));
      offset += append.values.length;
    }
  }

  #write({ name, writer, mayUseReserve }: OpenPlace, values: readonly Buffer[]) {
    if (!this.#reserve.restore() && !mayUseReserve) {
      throw new SandtrailError('DISK_FULL', { detail: `${name}: only the reserve is left` });
    }
    try {
      writer.append(values);
    } catch (error) {
      const isFull = failureCode(error) === 'DISK_FULL';
      if (!(isFull && mayUseReserve && this.#reserve.release())) throw error;
      writer.append(values);
    }
  }

  #slot(place: Place): number {
    const slot = this.#slots.get(placeName(place));
    assert(slot !== undefined, `the log has the place ${placeName(place)}`);
    return slot;
  }

  #place(slot: number): OpenPlace {
    const place = this.#places[slot];
    assert(place !== undefined, `the log has ${slot + 1} places`);
    return place;
  }
}

function failureCode(error: unknown): string {
  return error instanceof SandtrailError ? error.code : 'unexpected';
}
