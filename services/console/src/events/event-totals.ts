// How many events match, by family, kind and severity: exactly, or told why not.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Severity } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import type { EventFilter, Totals } from '../contract/event-query.ts';
import { type Family, familyOf } from '../contract/family.ts';
import type { EventReading } from './event-page.ts';
import { whereOf } from './event-where.ts';

const timeSecondsMax = 5;

const Group = z.object({
  kind: z.string(),
  severity: z.string(),
  rows: z.coerce.number(),
});

/** Counts all that match. A benign duplicate, which a crash may leave, counts once. */
export async function eventTotals(
  filter: EventFilter,
  { queries, signal }: EventReading,
): Promise<Totals> {
  const { sql, params } = whereOf(filter);
  try {
    const groups = await queries.rows({
      sql: `
SELECT kind, severity, count() AS rows FROM (
  SELECT kind, severity FROM sealed WHERE ${sql} ${await queries.once()})
GROUP BY kind, severity LIMIT 1000`,
      params,
      row: Group,
      signal,
      timeSecondsMax,
    });
    return { isExact: true, ...tallied(groups) };
  } catch (error) {
    const isBound = error instanceof SandtrailError && error.code === 'STORE_QUERY_LIMIT';
    if (!isBound) throw error;
    const boundMs = timeSecondsMax * 1000;
    return { isExact: false, rowsAtLeast: null, bound: 'time', boundMs };
  }
}

/** What a page says of totals that nobody asked for. */
export const totalsNotAsked: Totals = {
  isExact: false,
  rowsAtLeast: null,
  bound: 'not_asked',
  boundMs: null,
};

function tallied(groups: readonly z.output<typeof Group>[]) {
  const byFamily: Partial<Record<Family, number>> = {};
  const bySeverity: Partial<Record<Severity, number>> = {};
  const byKind: Record<string, number> = {};
  let total = 0;
  for (const { kind, severity, rows } of groups) {
    total += rows;
    const family = familyOf(kind);
    byFamily[family] = (byFamily[family] ?? 0) + rows;
    byKind[kind] = (byKind[kind] ?? 0) + rows;
    const known = Severity.safeParse(severity);
    if (known.success) bySeverity[known.data] = (bySeverity[known.data] ?? 0) + rows;
  }
  return { rows: total, byFamily, byKind, bySeverity };
}
