// Records of the log as rows, made once for all who follow: the newest stay at hand.
import type { LogReader, LogRecord, Place } from '@sandtrail/bus/bus';
import { decodeFrame } from '@sandtrail/schemas/frame';
import type { EventRow } from '../contract/event-row.ts';
import { rowOf } from '../events/row-of.ts';

/** A record: its row, and its body's text for a filter that looks into it. */
export interface LogRow {
  readonly place: Place;
  readonly offset: bigint;
  readonly appendedAtMs: number;
  /** Undefined when the bytes are no event. */
  readonly row: EventRow | undefined;
  readonly body: Buffer;
}

interface LogRowsOptions {
  readonly bus: Pick<LogReader, 'read'>;
  /** The chain that seals a place; undefined while nobody knows it yet. */
  readonly chainOf: (place: Place) => string | undefined;
}

const keptMax = 4096;
const sizeBytesMax = 4 * 1024 * 1024;

/** Reads places of the log as rows. */
export class LogRows {
  readonly #options: LogRowsOptions;
  readonly #kept = new Map<string, LogRow>();

  constructor(options: LogRowsOptions) {
    this.#options = options;
  }

  /** Rows from an offset on, at least one if there is one, at most `recordsMax`. */
  async read(place: Place, from: bigint, recordsMax: number): Promise<readonly LogRow[]> {
    const chain = this.#options.chainOf(place);
    if (chain === undefined) return [];
    const records = await this.#options.bus.read(place, { from, recordsMax, sizeBytesMax });
    return records.map((record) => this.#rowOf(place, chain, record));
  }

  #rowOf(place: Place, chain: string, record: LogRecord): LogRow {
    const key = `${chain}.${record.offset}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = makeRow(place, chain, record);
    this.#kept.set(key, made);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
    return made;
  }
}

/** A place's offsets are dense from 0, so a record's offset is its position in the chain. */
function makeRow(place: Place, chain: string, { offset, appendedAtMs, value }: LogRecord): LogRow {
  const frame = decodeFrame(value);
  const head = { place, offset, appendedAtMs };
  if (typeof frame === 'string') return { ...head, row: undefined, body: Buffer.alloc(0) };
  const body = Buffer.from(frame.body);
  const header = Buffer.from(frame.header).toString();
  const text = { chain, pos: `${offset}`, topic: place.topic, header, body: body.toString() };
  return { ...head, row: rowOf(text), body };
}
