// A segment: one SQLite file with a run of batches of one place, named by its first offset.
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type Batch, isIntact } from './batch.ts';
import { diskFailure } from './disk-failure.ts';

const offsetDigits = 16;
const namePattern = new RegExp(`^(\\d{${offsetDigits}})\\.sqlite$`);
const creating = '.creating';

/**
 * Large pages make a batch a few long runs. The log is checkpointed every 2 MiB: a commit that does
 * so takes some 10 ms instead of 1, and less often means longer (measured in the bench).
 */
const pageBytes = 32_768;
const checkpointPages = 64;

/** What a segment says of itself: it cannot be passed off as another place's. */
export interface SegmentIdentity {
  readonly log: string;
  readonly place: string;
  readonly first: number;
}

/** The path of the segment that begins at `first`. */
export function segmentPath(dir: string, first: number): string {
  return join(dir, `${String(first).padStart(offsetDigits, '0')}.sqlite`);
}

/** The first offsets of the segments in `dir`, ascending. */
export function listSegments(dir: string): readonly number[] {
  return readdirSync(dir)
    .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Makes a segment with its first batches, whole or not at all: it is written under another name,
 * renamed when it is on disk, and the directory is flushed.
 * @throws SandtrailError `DISK_FULL`
 */
export function createSegment(dir: string, identity: SegmentIdentity, batches: readonly Batch[]) {
  const path = segmentPath(dir, identity.first);
  const draft = `${path}${creating}`;
  removeSegment(draft);
  try {
    const file = new DatabaseSync(draft);
    try {
      file.exec(`PRAGMA page_size=${pageBytes}; PRAGMA synchronous=FULL; BEGIN;
        CREATE TABLE segment
          (log TEXT NOT NULL, place TEXT NOT NULL, first INTEGER NOT NULL) STRICT;
        CREATE TABLE batch (first INTEGER PRIMARY KEY, records INTEGER NOT NULL,
          appendedAtMs INTEGER NOT NULL, crc INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;`);
      const { log, place, first } = identity;
      file.prepare('INSERT INTO segment VALUES (?, ?, ?)').run(log, place, first);
      insertBatches(file, batches);
      file.exec('COMMIT; PRAGMA journal_mode=WAL;');
    } finally {
      file.close();
    }
    renameSync(draft, path);
    syncDirectory(dir);
    syncDirectory(dirname(dir));
  } catch (error) {
    removeSegment(draft);
    throw diskFailure(error, path);
  }
}

/** Removes a segment and what SQLite keeps beside it. */
export function removeSegment(path: string) {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(`${path}${suffix}`, { force: true });
}

/** An open segment. Reads and writes are synchronous: a commit is one flush of the disk. */
export class Segment {
  readonly #path: string;
  readonly #file: DatabaseSync;
  readonly first: number;

  /** @throws SandtrailError `DATA_DIR_DAMAGED` when the file is not that segment. */
  constructor(dir: string, identity: SegmentIdentity, options: { readonly readOnly: boolean }) {
    this.#path = segmentPath(dir, identity.first);
    this.first = identity.first;
    try {
      this.#file = new DatabaseSync(this.#path, { readOnly: options.readOnly, timeout: 5000 });
    } catch (error) {
      throw diskFailure(error, this.#path);
    }
    try {
      this.#file.exec(`PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=${checkpointPages};`);
      this.#file.exec(`PRAGMA journal_size_limit=${2 * checkpointPages * pageBytes};`);
      const row = this.#file.prepare('SELECT log, place, first FROM segment').get();
      const isOurs = row?.['place'] === identity.place && row['first'] === identity.first;
      if (!isOurs || row['log'] !== identity.log) throw this.#damaged('it is another segment');
    } catch (error) {
      this.#file.close();
      throw diskFailure(error, this.#path);
    }
  }

  /** Writes batches in one transaction: all of them are on disk when it returns, or none. */
  write(batches: readonly Batch[]) {
    try {
      this.#file.exec('BEGIN IMMEDIATE');
      try {
        insertBatches(this.#file, batches);
        this.#file.exec('COMMIT');
      } catch (error) {
        if (this.#file.isTransaction) this.#file.exec('ROLLBACK');
        throw error;
      }
    } catch (error) {
      throw diskFailure(error, this.#path);
    }
  }

  /** The batches from the one that holds `from` on, one at a time; each is checked. */
  *batches(from: number): Generator<Batch> {
    try {
      const rows = this.#file
        .prepare(`SELECT first, records, appendedAtMs, crc, bytes FROM batch WHERE first >=
          coalesce((SELECT max(first) FROM batch WHERE first <= ?1), 0) AND first + records > ?1
          ORDER BY first`)
        .iterate(from);
      for (const row of rows) yield this.#checked(row);
    } catch (error) {
      throw diskFailure(error, this.#path);
    }
  }

  /** The newest batch; undefined in a segment that has none yet. */
  last(): Batch | undefined {
    try {
      const row = this.#file.prepare('SELECT * FROM batch ORDER BY first DESC LIMIT 1').get();
      return row === undefined ? undefined : this.#checked(row);
    } catch (error) {
      throw diskFailure(error, this.#path);
    }
  }

  /** The offset after the newest record. */
  next(): number {
    try {
      const newest = 'SELECT first + records AS next FROM batch ORDER BY first DESC LIMIT 1';
      const next = this.#file.prepare(newest).get()?.['next'];
      return typeof next === 'number' ? next : this.first;
    } catch (error) {
      throw diskFailure(error, this.#path);
    }
  }

  /** Bytes of the batches that it holds. */
  sizeBytes(): number {
    const sum = this.#file.prepare('SELECT sum(length(bytes)) AS size FROM batch').get()?.['size'];
    return typeof sum === 'number' ? sum : 0;
  }

  close() {
    this.#file.close();
  }

  #checked(row: Record<string, SQLOutputValue>): Batch {
    const { first, records, appendedAtMs, crc, bytes } = row;
    const isBatch = typeof first === 'number' && typeof records === 'number';
    if (!isBatch || typeof appendedAtMs !== 'number' || typeof crc !== 'number') {
      throw this.#damaged('a row is not a batch');
    }
    if (!(bytes instanceof Uint8Array)) throw this.#damaged(`offset ${first} has no bytes`);
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const batch = { first, records, appendedAtMs, crc, bytes: view };
    if (!isIntact(batch)) throw this.#damaged(`checksum of the batch at offset ${first}`);
    return batch;
  }

  #damaged(what: string): SandtrailError {
    return new SandtrailError('DATA_DIR_DAMAGED', { detail: `${this.#path}: ${what}` });
  }
}

function insertBatches(file: DatabaseSync, batches: readonly Batch[]) {
  const insert = file.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?)');
  for (const { first, records, appendedAtMs, crc, bytes } of batches) {
    insert.run(first, records, appendedAtMs, crc, bytes);
  }
}

function syncDirectory(dir: string) {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
