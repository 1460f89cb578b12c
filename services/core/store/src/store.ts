// The store port: sealed rows and what belongs to them, in chDB or in a ClickHouse server.
import type { SealedRow } from '@sandtrail/chain/row';
import type { Topic } from '@sandtrail/schemas/topics';
import type { Parameter } from './connection.ts';

/** A row to store. `header` and `body` are the log's bytes, `link` is 32 bytes. */
export interface BlockRow extends SealedRow {
  readonly link: Buffer;
  /** When the log took the record, milliseconds since the Unix epoch. */
  readonly appendedAtMs: number;
}

/** Consecutive rows of one chain that the log took on one day (UTC): stored whole or not at all. */
export interface Block {
  /** The chain id in hexadecimal. */
  readonly chain: string;
  readonly topic: Topic;
  readonly partition: number;
  readonly rows: readonly BlockRow[];
}

/** The last stored row of a chain. */
export interface StoredHead {
  readonly pos: bigint;
  readonly offset: bigint;
  readonly link: Buffer;
}

/** A chain that the store holds rows of, and the partition that it seals. */
export interface StoredChain {
  readonly chain: string;
  readonly log: string;
  readonly topic: Topic;
  readonly partition: number;
}

/** A chain's position and row count, as the stored rows have it. */
export interface ChainExtent {
  readonly chain: string;
  readonly topic: string;
  readonly partition: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly rows: bigint;
}

/** A position of a chain. */
export interface ChainEnd {
  readonly chain: string;
  readonly pos: bigint;
}

/** Where each chain is known to end, and kinds of events that say nothing new. */
export interface TailOptions {
  readonly known: readonly ChainEnd[];
  readonly quietKinds: readonly string[];
}

/** A chain's end; quiet when all from the known position on is of the quiet kinds, as projected. */
export interface ChainTail extends ChainEnd {
  readonly isQuiet: boolean;
}

/** Positions `from` to `to`, both included; to the end without `to`. */
export interface RowRange {
  readonly chain: string;
  readonly from: bigint;
  readonly to?: bigint;
  readonly signal?: AbortSignal;
}

/** Which events are wanted; what is absent is not asked for. Times are nanoseconds, `until` excluded. */
export interface EventFilter {
  readonly sandbox?: string;
  readonly kind?: string;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** A part of the body's text, exactly. */
  readonly text?: string;
  /** The newest that match, at most this many. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/** A detector's state: the events partition up to `nextOffset`, under one bundle of rules. */
export interface DetectorSnapshot {
  readonly partition: number;
  readonly bundle: string;
  readonly nextOffset: bigint;
  readonly blob: Buffer;
}

/** A row whose typed columns are not what its sealed bytes give. */
export interface ProjectionMismatch {
  readonly chain: string;
  readonly pos: bigint;
}

/**
 * What can be read. All reads stream at the reader's pace. Every method here and below may throw the
 * SandtrailErrors of `StoreConnection`.
 */
export interface StoreReader {
  /** Every chain that rows or the list of chains know. */
  chains(): Promise<readonly StoredChain[]>;
  /** First and last position and number of rows of every chain, from the rows themselves. */
  extents(): Promise<readonly ChainExtent[]>;
  head(chain: string): Promise<StoredHead | undefined>;
  /**
   * The last position of each chain that has a row at the known one or later, or that is not among
   * the known: one cheap look at all ends.
   */
  tails(options: TailOptions): Promise<readonly ChainTail[]>;
  /** Rows in order of position; where a position was written twice, both. */
  rows(range: RowRange): AsyncIterable<SealedRow>;
  /** The same rows, some thousands at a time: twice as fast to go through. */
  rowBatches(range: RowRange): AsyncIterable<readonly SealedRow[]>;
  /** Signed notes about a chain that were sealed, largest size first. */
  checkpoints(chain: string, limit: number): Promise<readonly string[]>;
  /** The newest saved state of a chain at no more than `sizeMax` rows, as `encodeState` wrote it. */
  chainState(chain: string, sizeMax: bigint): Promise<string | undefined>;
  /** Rows whose typed columns differ from their sealed bytes, at most `limit`. */
  projectionMismatches(limit: number): Promise<readonly ProjectionMismatch[]>;
  /**
   * Events as JSON, one a line, in the order in which the log took them: `chain`, `pos` and `offset`,
   * then the fields of header and body. A benign duplicate is left out.
   */
  queryEvents(filter: EventFilter): AsyncIterable<string>;
  /** An analyst's own SELECT, one JSON object a line, read-only and bounded in time, memory and size. */
  query(sql: string, options?: QueryOptions): AsyncIterable<string>;
  snapshot(partition: number, bundle: string): Promise<DetectorSnapshot | undefined>;
  close(): Promise<void>;
}

/** What goes with an analyst's query. */
export interface QueryOptions {
  /** Bound to `{name:Type}` in the SQL. */
  readonly params?: Readonly<Record<string, Parameter>>;
  /** At most this long, in whole seconds; 30 s unless told. */
  readonly timeSecondsMax?: number;
  readonly signal?: AbortSignal;
}

/** The store as the sealer and the detector write it. Nothing updates or deletes a sealed row. */
export interface Store extends StoreReader {
  /**
   * Stores a block: durable when this resolves. When the engine dies meanwhile, the rows are looked
   * for and, where they are missing, written again; a block that was written twice is a benign
   * duplicate.
   */
  insertBlock(block: Block): Promise<void>;
  /** The same for several blocks of one day, at most 64: all are stored or none. */
  insertBlocks(blocks: readonly Block[]): Promise<void>;
  /** Enters a chain in the list of chains. */
  addChain(chain: StoredChain): Promise<void>;
  saveChainState(chain: string, size: bigint, state: string): Promise<void>;
  saveSnapshot(snapshot: DetectorSnapshot): Promise<void>;
}
