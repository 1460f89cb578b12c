// Where a reader of the live feed stands in the log: one offset for each place, as an SSE id.
import type { Place } from '@sandtrail/bus/bus';

/** The next offset of each place, in the order of the places. */
export type Offsets = readonly bigint[];

/** `LOG.12.0.7…`: the log's short name, then the next offset of each place. */
export function cursorOf(log: string, offsets: Offsets): string {
  return [log, ...offsets].join('.');
}

/** The offsets of a cursor, `another_log` for one of another log, undefined for what is none. */
export function offsetsOf(
  cursor: string,
  { log, places }: { readonly log: string; readonly places: readonly Place[] },
): Offsets | 'another_log' | undefined {
  const [name, ...digits] = cursor.split('.');
  if (digits.length === 0 || digits.some((each) => !/^\d{1,19}$/.test(each))) return undefined;
  return name === log && digits.length === places.length ? digits.map(BigInt) : 'another_log';
}
