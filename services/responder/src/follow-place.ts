// Reads one place of the log in order, from an offset on and then as records arrive.
import type { LogReader, LogRecord, Place } from '@sandtrail/bus/bus';

interface FollowOptions {
  readonly reader: LogReader;
  readonly place: Place;
  readonly from: bigint;
  /** Stop before this offset; absent: go on until the signal aborts. */
  readonly until?: bigint;
  readonly signal: AbortSignal;
}

const recordsMax = 512;
const sizeBytesMax = 4 * 1024 * 1024;

/** Hands each record on in turn; resolves when it is done or the signal aborts. */
export async function followPlace(
  options: FollowOptions,
  take: (record: LogRecord) => Promise<void> | void,
): Promise<void> {
  const { reader, place, until, signal } = options;
  let from = options.from;
  while (!signal.aborted && (until === undefined || from < until)) {
    if (until === undefined) await reader.arrival(place, from, signal);
    const records = signal.aborted
      ? []
      : await reader.read(place, { from, recordsMax, sizeBytesMax });
    if (records.length === 0 && until !== undefined) return;
    for (const record of records) {
      if (signal.aborted || (until !== undefined && record.offset >= until)) return;
      await take(record);
      from = record.offset + 1n;
    }
  }
}
