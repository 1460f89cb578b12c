// Reads one place of the log in order, from an offset on and then as records arrive.
import type { LogReader, LogRecord, Place } from '@sandtrail/bus/bus';
import { followLog, patiently } from '@sandtrail/bus/follow';

interface FollowOptions {
  readonly reader: LogReader;
  readonly place: Place;
  readonly from: bigint;
  /** Stop before this offset; absent: go on until the signal aborts. */
  readonly until?: bigint;
  readonly signal: AbortSignal;
}

const pageMax = { recordsMax: 512, sizeBytesMax: 4 * 1024 * 1024 };

/** Hands each record on in turn; resolves when it is done or the signal aborts. */
export async function followPlace(
  options: FollowOptions,
  take: (record: LogRecord) => Promise<void> | void,
): Promise<void> {
  const { reader, place, until, signal } = options;
  let { from } = options;
  while (until !== undefined && from < until && !signal.aborted) {
    const at = from;
    const page = await patiently(signal, () => reader.read(place, { from: at, ...pageMax }));
    const past = page?.filter(({ offset }) => offset < until) ?? [];
    for (const record of past) await take(record);
    const last = past.at(-1);
    if (last === undefined) return;
    from = last.offset + 1n;
  }
  if (until !== undefined) return;
  for await (const page of followLog({ reader, place, from, ...pageMax, signal })) {
    for (const record of page) {
      if (signal.aborted) return;
      await take(record);
    }
  }
}
