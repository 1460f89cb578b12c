// Who watches: collectors with what they say of themselves, and what each template is seen by.
import type { Trust } from '@sandtrail/schemas/scalars';
import { Trust as TrustSchema } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Family, familyOf } from '../contract/family.ts';
import type { CollectorView, Coverage } from '../contract/pipeline.ts';
import type { EventReading } from '../events/event-page.ts';

type View = z.input<typeof CollectorView>;

const collectorsShown = 2000;
/** The kit beats every 4 s at the latest; twice that and a little more is silence. */
const silentNs = 15_000_000_000n;
const recent = "time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')";

const Collector = z.object({
  collector: z.string(),
  node: z.string(),
  epoch: z.coerce.number(),
  mode: z.string(),
  blind: z.string(),
  startedAt: z.string(),
  beatAt: z.string(),
  open: z.coerce.number(),
  streams: z.coerce.number(),
  seen: z.string(),
  dropped: z.string(),
  lost: z.string(),
  unknown: z.coerce.number(),
});
const Cell = z.object({
  t: z.string(),
  isolation: z.string(),
  kind: z.string(),
  trust: z.string(),
  collectors: z.array(z.string()),
  sandboxes: z.coerce.number(),
});
const BlindSpots = z.array(z.string());

/** One row a collector's epoch; a stream is about one sandbox, so they are added up. */
const collectorSql = `
SELECT collector, node, epoch, argMax(itsMode, began) AS mode, argMax(itsBlind, began) AS blind,
  toString(max(began)) AS startedAt, toString(max(beat)) AS beatAt,
  countIf(stopped = 0) AS open, count() AS streams, toString(sum(itsSeen)) AS seen,
  toString(sum(itsDropped)) AS dropped, toString(sum(itsLost)) AS lost, sum(itsUnknown) AS unknown
FROM (
  SELECT splitByChar(':', stream)[1] AS collector, splitByChar(':', stream)[2] AS node,
    splitByChar(':', stream)[3] AS epoch,
    anyIf(JSONExtractString(body, 'mode'), kind = 'collector.started') AS itsMode,
    anyIf(JSONExtractRaw(body, 'blindSpots'), kind = 'collector.started') AS itsBlind,
    toUnixTimestamp64Nano(minIf(time, kind = 'collector.started')) AS began,
    toUnixTimestamp64Nano(maxIf(time, kind = 'collector.heartbeat')) AS beat,
    countIf(kind = 'collector.stopped') AS stopped,
    max(toUInt64OrZero(JSONExtractString(body, 'seen'))) AS itsSeen,
    max(toUInt64OrZero(JSONExtractString(body, 'dropped'))) AS itsDropped,
    sumIf(toUInt64OrZero(JSONExtractString(body, 'count')), kind = 'collector.gap') AS itsLost,
    countIf(kind = 'collector.gap' AND JSONExtractString(body, 'count') = '0') AS itsUnknown
  FROM sealed WHERE startsWith(kind, 'collector.') AND ${recent} GROUP BY stream)
GROUP BY collector, node, epoch LIMIT 20000`;

const coverageSql = `
WITH lives AS (
  SELECT sandbox AS s, any(JSONExtractString(body, 'template')) AS t,
    any(JSONExtractString(body, 'isolation')) AS isolation
  FROM sealed WHERE kind = 'sandbox.created' AND ${recent} GROUP BY s LIMIT 10000)
SELECT t, isolation, kind, trust, groupUniqArray(8)(collector) AS collectors,
  uniqExact(s) AS sandboxes
FROM (
  SELECT sandbox AS s, kind, trust, splitByChar(':', stream)[1] AS collector FROM sealed
  WHERE ${recent} AND sandbox IN (SELECT s FROM lives)
  GROUP BY s, kind, trust, collector) AS did
INNER JOIN lives USING (s)
GROUP BY t, isolation, kind, trust LIMIT 20000`;

/** Blind and silent ones first. */
export async function fleetCollectors(sinceNs: bigint, nowNs: bigint, reading: EventReading) {
  const rows = await reading.queries.rows({
    sql: collectorSql,
    params: { since: sinceNs },
    row: Collector,
    signal: reading.signal,
  });
  const views = rows.map((row) => collectorOf(row, nowNs)).toSorted(byNeed);
  return { collectors: views.slice(0, collectorsShown), collectorsTotal: views.length };
}

function collectorOf(row: z.output<typeof Collector>, nowNs: bigint): View {
  const { collector, node, epoch, mode, blind, open, streams, seen, dropped, lost, unknown } = row;
  const beatNs = BigInt(row.beatAt);
  const lastNs = beatNs > BigInt(row.startedAt) ? beatNs : BigInt(row.startedAt);
  const isSilent = nowNs - lastNs > silentNs;
  return {
    ...{ collector, node, epoch, mode, streams, seen, dropped, lost },
    blindSpots: blind === '' ? [] : BlindSpots.parse(JSON.parse(blind)),
    state: open === 0 ? 'stopped' : isSilent ? 'silent' : 'live',
    startedAtNs: row.startedAt,
    lastHeartbeatAtNs: beatNs > 0n ? row.beatAt : null,
    streamsOpen: open,
    lostUnknown: unknown,
  };
}

const needs: Readonly<Record<View['state'], number>> = { silent: 0, live: 1, stopped: 2 };

function byNeed(a: View, b: View): number {
  return needs[a.state] - needs[b.state] || b.blindSpots.length - a.blindSpots.length;
}

/** Best first: a family is as well seen as by the most trusted who sees it. */
const trusts: readonly Trust[] = TrustSchema.options;

/** What each template's sandboxes were really seen by; a blind cell has nobody. */
export async function fleetCoverage(
  sinceNs: bigint,
  { queries, signal }: EventReading,
): Promise<z.input<typeof Coverage>[]> {
  const rows = await queries.rows({
    sql: coverageSql,
    params: { since: sinceNs },
    row: Cell,
    signal,
  });
  const groups = Map.groupBy(rows, ({ t, isolation }) => JSON.stringify([t, isolation]));
  return [...groups.values()].map((cells) => {
    const [first] = cells;
    return {
      template: first?.t || null,
      isolation: first?.isolation ?? '',
      sandboxes: Math.max(...cells.map(({ sandboxes }) => sandboxes)),
      cells: Family.options
        .filter((family) => family !== 'finding' && family !== 'control')
        .map((family) => {
          const own = cells.filter(({ kind }) => familyOf(kind) === family);
          const by = trusts.find((trust) => own.some((cell) => cell.trust === trust)) ?? null;
          const collectors = [...new Set(own.flatMap((cell) => cell.collectors))];
          return { family, by, collectors };
        }),
    };
  });
}
