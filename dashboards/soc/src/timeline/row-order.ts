// The order of rows by time, and by their place where times are alike.
import type { EventRow } from '@sandtrail/console/contract/event-row';

/** Below zero when `a` comes before `b`. Digits of one length compare as text, without a bigint. */
export function compareRows(a: EventRow, b: EventRow): number {
  return (
    compareDigits(a.timeNs, b.timeNs) ||
    compareText(a.chain, b.chain) ||
    compareDigits(a.pos, b.pos)
  );
}

/** Below zero when the number written as `a` is less than `b`. */
export function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
