// Joins a numbered record with the pieces of the same task that were printed before it.
import type { Counters } from '@sandtrail/runtime/counters';
import type { ProgramRecord } from './record.ts';

/** A numbered record with its pieces. */
export interface Assembled {
  readonly main: Extract<ProgramRecord, { type: 'main' }>;
  /** The call's text or address at its entry; it may have been changed before its exit. */
  readonly early: Buffer | undefined;
  readonly target: Buffer | undefined;
  /** The beginning of the argument vector, without holes. */
  readonly argv: Buffer;
  readonly file: { readonly links: number; readonly name: Buffer } | undefined;
}

interface Pieces {
  early: Buffer | undefined;
  target: Buffer | undefined;
  argv: Buffer[];
  file: Assembled['file'];
}

/** Most tasks whose pieces wait for their record; beyond it the oldest are dropped and counted. */
const tasksMax = 4096;

/** Holds pieces by task until their record comes. */
export class Assembler {
  readonly #waiting = new Map<number, Pieces>();
  readonly #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** The whole event when `record` completes one. */
  take(record: Exclude<ProgramRecord, { type: 'fence' }>): Assembled | undefined {
    if (record.type === 'main') {
      const { tid } = record.head;
      const { argv, ...pieces } = this.#waiting.get(tid) ?? emptyPieces();
      this.#waiting.delete(tid);
      return { main: record, ...pieces, argv: Buffer.concat(argv) };
    }
    const pieces = this.#pieces(record.tid);
    switch (record.type) {
      case 'early':
        // A new call begins: what an earlier one left was never completed.
        this.#waiting.set(record.tid, { ...emptyPieces(), early: record.bytes });
        break;
      case 'target':
        pieces.target = record.bytes;
        break;
      case 'argv':
        if (record.piece === 0) pieces.argv = [record.bytes];
        else if (record.piece === pieces.argv.length) pieces.argv.push(record.bytes);
        break;
      case 'file':
        pieces.file = { links: record.links, name: record.name };
        break;
      default:
        record satisfies never;
    }
    return undefined;
  }

  #pieces(tid: number): Pieces {
    const known = this.#waiting.get(tid);
    if (known !== undefined) return known;
    const fresh = emptyPieces();
    this.#waiting.set(tid, fresh);
    if (this.#waiting.size > tasksMax) {
      const oldest = this.#waiting.keys().next();
      if (oldest.done !== true) this.#waiting.delete(oldest.value);
      this.#counters.add('ebpf.pieces_dropped');
    }
    return fresh;
  }
}

function emptyPieces(): Pieces {
  return { early: undefined, target: undefined, argv: [], file: undefined };
}
