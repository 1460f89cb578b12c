// The alert queue: filtered, ordered by risk or time, in pages, with tallies that are exact.

import { SandtrailError } from '@sandtrail/schemas/errors';
import { Severity } from '@sandtrail/schemas/scalars';
import type { AlertQuery, AlertState } from '../contract/alerts.ts';
import type { BookedAlert } from '../ledger/alert-book.ts';

/** The page's alerts, and what is told of all that match but for their state. */
export function alertPage(all: readonly BookedAlert[], query: AlertQuery) {
  const matching = all.filter((alert) => matches(alert, query));
  const wanted = matching.filter(({ state }) => query.states?.includes(state) ?? true);
  const ordered = wanted.toSorted(query.order === 'risk' ? byRisk : byTime);
  const from = query.after === undefined ? 0 : placeAfter(ordered, query.after);
  const page = ordered.slice(from, from + query.limit);
  const last = page.at(-1);
  const hasMore = from + page.length < ordered.length;
  const byState: Record<AlertState, number> = { open: 0, acknowledged: 0, closed: 0 };
  const bySeverity: Partial<Record<Severity, number>> = {};
  const byDetector: Record<string, number> = {};
  for (const { state, finding } of matching) {
    byState[state] += 1;
    byDetector[finding.detector] = (byDetector[finding.detector] ?? 0) + 1;
    if (state !== 'closed') bySeverity[finding.severity] = (bySeverity[finding.severity] ?? 0) + 1;
  }
  const after = hasMore && last !== undefined ? last.finding.id : null;
  const newest = all.toSorted(byTime)[0]?.finding.timeNs;
  const lastAtNs = newest === undefined ? null : `${newest}`;
  return { page, total: wanted.length, byState, bySeverity, byDetector, after, lastAtNs };
}

function matches({ finding, owner }: BookedAlert, query: AlertQuery): boolean {
  const { severities, detectors, sandbox, search } = query;
  const text = `${finding.title}\n${finding.explanation}\n${finding.sandbox}`.toLowerCase();
  return (
    (severities?.includes(finding.severity) ?? true) &&
    (detectors?.includes(finding.detector) ?? true) &&
    (sandbox === undefined || sandbox === finding.sandbox) &&
    (query.owner === undefined || (owner ?? '-') === query.owner) &&
    (search === undefined || text.includes(search.toLowerCase()))
  );
}

/** Worst first, then the one that waits longest. */
function byRisk(a: BookedAlert, b: BookedAlert): number {
  const worse = rankOf(b) - rankOf(a);
  return worse === 0 ? -byTime(a, b) : worse;
}

function rankOf({ finding: { severity } }: BookedAlert): number {
  return Severity.options.indexOf(severity);
}

function byTime({ finding: a }: BookedAlert, { finding: b }: BookedAlert): number {
  if (a.timeNs === b.timeNs) return a.id < b.id ? -1 : 1;
  return a.timeNs > b.timeNs ? -1 : 1;
}

/** A cursor is the id of the last alert of the page before. */
function placeAfter(ordered: readonly BookedAlert[], id: string): number {
  const at = ordered.findIndex(({ finding }) => finding.id === id);
  if (at >= 0) return at + 1;
  throw new SandtrailError('REQUEST_MALFORMED', { detail: 'the cursor is of another order' });
}
