// Which rows a filter lets through, as far as a row itself can say.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { type Filter, withoutOf } from './filter.ts';
import { rowKey } from './row-key.ts';

/**
 * The test of a filter. Text is looked for in what rows show; `found` names rows in whose whole
 * text the store found it.
 */
export function rowTest(filter: Filter, found: ReadonlySet<string>) {
  const without = new Set<string>(withoutOf(filter));
  const words = filter.q?.toLowerCase() ?? '';
  return (row: EventRow, findings: readonly EventRow[]): boolean => {
    if (without.has(row.family)) return false;
    if (filter.findings === 'only' && row.finding === null && findings.length === 0) return false;
    if (words === '') return true;
    return (
      textOf(row).includes(words) ||
      findings.some((each) => textOf(each).includes(words)) ||
      found.has(rowKey(row))
    );
  };
}

/** True when a filter leaves anything out. */
export function isFiltered({ q, without, findings }: Filter): boolean {
  return q !== undefined || without !== undefined || findings !== undefined;
}

function textOf({ kind, summary, finding, process }: EventRow): string {
  const found = finding === null ? '' : `${finding.detector} ${finding.title}`;
  return `${kind} ${summary} ${found} ${process?.exe ?? ''}`.toLowerCase();
}
