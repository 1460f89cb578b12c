// The bus port: a durable, partitioned log of opaque values. Each driver passes one conformance table.
import type { Topic } from '@sandtrail/schemas/topics';
import type { LogSource } from './log-source.ts';

/** Where in the log: one partition of one topic. */
export interface Place {
  readonly topic: Topic;
  readonly partition: number;
}

/** One record, as the log stored it. */
export interface LogRecord {
  readonly offset: bigint;
  /**
   * When the log took it (LogAppendTime), milliseconds since the Unix epoch: every reader gets the
   * same. It never decreases in the embedded log; in Kafka it is what the leader's clock said.
   */
  readonly appendedAtMs: number;
  readonly value: Buffer;
}

/** How much to read, and from where. */
export interface ReadOptions {
  readonly from: bigint;
  readonly recordsMax: number;
  readonly sizeBytesMax: number;
}

/**
 * The reading side of the log: what the sealer, the detector and the forwarder need. `read` and
 * `bounds` throw a SandtrailError: `BUS_UNAVAILABLE` when the log does not answer (ask again),
 * `BUS_ACCESS` when it refuses, `BUS_DAMAGED` or `DATA_DIR_DAMAGED` when its bytes are not whole.
 */
export interface LogReader {
  /** Records from `from` (or the first that is kept) on, at least one if there is one, else none. */
  read(place: Place, options: ReadOptions): Promise<readonly LogRecord[]>;
  /** Resolves when the record at `offset` can be read, or when `signal` aborts; waits meanwhile. */
  arrival(place: Place, offset: bigint, signal: AbortSignal): Promise<void>;
  /** The first offset that is kept and the one that the next record will get. */
  bounds(place: Place): Promise<{ readonly first: bigint; readonly next: bigint }>;
  /** Waits for what is under way, then releases everything. */
  close(): Promise<void>;
}

/** The log as services see it. Offsets are dense from 0 within a place. */
export interface Bus extends LogReader {
  /** The log's name: part of every chain's identity. */
  readonly name: string;
  /** For readers in other threads and processes. */
  readonly source: LogSource;
  /**
   * Appends `values` in order, after everything appended earlier by this bus to the same place.
   * Durable on disk when it resolves; returns the offset of the first. All or nothing. The values
   * belong to the log from then on: the caller no longer changes them.
   * @throws SandtrailError `BUS_FULL` when the queue of appends is at its bound, `BUS_OVERSIZE` when
   * a value exceeds the log's limit, `BUS_CLOSED` after `close`, `DISK_FULL` when the disk is;
   * `BUS_UNAVAILABLE` when it is not known what became of it: send the same bytes again, never
   * others under the same numbers.
   */
  append(place: Place, values: readonly Buffer[]): Promise<bigint>;
}
