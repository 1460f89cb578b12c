// Counts of events over time in buckets of one width, for the strip above a list.
import { Severity } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import type { Histogram, HistogramQuery } from '../contract/event-query.ts';
import { type Family, familyOf } from '../contract/family.ts';
import type { EventReading } from './event-page.ts';
import { whereOf } from './event-where.ts';

const Span = z.object({ first: z.string(), last: z.string(), rows: z.coerce.number() });
const Cell = z.object({
  bucket: z.coerce.number(),
  kind: z.string(),
  severity: z.string(),
  rows: z.coerce.number(),
});

type Bucket = Histogram['buckets'][number];

/** From the first to the last event that matches, or between the filter's own times. */
export async function eventHistogram(
  { buckets: count, ...filter }: HistogramQuery,
  { queries, signal }: EventReading,
): Promise<Histogram> {
  const { sql, params } = whereOf(filter);
  const span = await queries.row({
    sql: `
SELECT toString(toUnixTimestamp64Nano(min(time))) AS first,
  toString(toUnixTimestamp64Nano(max(time))) AS last, count() AS rows
FROM sealed WHERE ${sql} LIMIT 1`,
    params,
    row: Span,
    signal,
  });
  const isEmpty = span === undefined || span.rows === 0;
  const fromNs = BigInt(filter.sinceNs ?? (isEmpty ? 0 : span.first));
  const untilNs = BigInt(filter.untilNs ?? (isEmpty ? 1 : BigInt(span.last) + 1n));
  const width = untilNs > fromNs ? (untilNs - fromNs + BigInt(count) - 1n) / BigInt(count) : 1n;
  const bounds = { fromNs: `${fromNs}`, untilNs: `${untilNs}`, bucketNs: `${width}` };
  if (isEmpty) return { ...bounds, buckets: [] };
  const cells = await queries.rows({
    sql: `
SELECT intDiv(toUnixTimestamp64Nano(time) - {from:Int64}, {width:Int64}) AS bucket,
  kind, severity, count() AS rows
FROM (SELECT time, kind, severity FROM sealed WHERE ${sql} ${await queries.once()})
GROUP BY bucket, kind, severity ORDER BY bucket LIMIT 100000`,
    params: { ...params, from: fromNs, width },
    row: Cell,
    signal,
  });
  return { ...bounds, buckets: bucketsOf(cells, (index) => fromNs + BigInt(index) * width) };
}

function bucketsOf(
  cells: readonly z.output<typeof Cell>[],
  startOf: (index: number) => bigint,
): Bucket[] {
  const buckets = new Map<number, Bucket>();
  for (const { bucket: index, kind, severity, rows } of cells) {
    const bucket = buckets.get(index) ?? { atNs: `${startOf(index)}`, byFamily: {}, findings: {} };
    buckets.set(index, bucket);
    add(bucket.byFamily, familyOf(kind), rows);
    const known = Severity.safeParse(severity);
    if (known.success) add(bucket.findings, known.data, rows);
  }
  return [...buckets.values()];
}

function add<K extends Family | Severity>(tally: Partial<Record<K, number>>, key: K, by: number) {
  tally[key] = (tally[key] ?? 0) + by;
}
