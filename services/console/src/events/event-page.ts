// Pages of events in either direction, by event time, and their totals.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Topic } from '@sandtrail/schemas/topics';
import type { Parameter } from '@sandtrail/store/connection';
import * as z from 'zod';
import type { EventPage, EventQuery } from '../contract/event-query.ts';
import type { EventRow } from '../contract/event-row.ts';
import { whereOf } from './event-where.ts';
import type { Queries } from './queries.ts';
import { rowOf } from './row-of.ts';

/** What the readers of events share. */
export interface EventReading {
  readonly queries: Queries;
  readonly signal: AbortSignal;
}

/** A row as `rowsSql` gives it: chain, position, body and event time under names of their own. */
export const StoredRow = z.object({
  c: z.string(),
  p: z.string(),
  topic: Topic,
  header: z.string(),
  b: z.string(),
  t: z.string(),
});
type StoredRow = z.output<typeof StoredRow>;

/** A longer body is told by its beginning: one page of them would be hundreds of megabytes. */
const bodyCharsMax = 16_384;

/** The same object, with what a list shows and nothing else. */
const shortened = `concat(
  '{"kind":', toJSONString(toString(kind)), ',"stream":', toJSONString(toString(stream)),
  ',"seq":"', toString(seq), '"',
  if(JSONHas(body, 'process'), concat(',"process":', JSONExtractRaw(body, 'process')), ''),
  if(JSONHas(body, 'cause'), concat(',"cause":', JSONExtractRaw(body, 'cause')), ''),
  if(JSONHas(body, 'callId'), concat(',"callId":', JSONExtractRaw(body, 'callId')), ''),
  ',"beginning":', toJSONString(leftUTF8(concat(
    JSONExtractString(body, 'tool'), ' ', JSONExtractString(body, 'text'),
    JSONExtractString(body, 'input'), JSONExtractString(body, 'output'),
    JSONExtractRaw(body, 'argv')), 512)), '}')`;

// Not under the columns' own names: ClickHouse would take the alias for the column everywhere.
const columns = `lower(hex(chain)) AS c, toString(pos) AS p, topic, header,
  if(length(body) > ${bodyCharsMax}, ${shortened}, body) AS b,
  toString(toUnixTimestamp64Nano(time)) AS t`;

/**
 * Rows by condition, in this order, at most `limit`; a benign duplicate once. The places are found
 * first, so that only the bodies of the page are read.
 */
export function rowsSql(condition: string, order: 'ASC' | 'DESC'): string {
  const by = `time ${order}, chain ${order}, pos ${order}`;
  return `
SELECT ${columns} FROM sealed
WHERE (chain, pos) IN (
  SELECT chain, pos FROM sealed WHERE ${condition}
  ORDER BY ${by} LIMIT 1 BY chain, pos LIMIT {limit:UInt32})
ORDER BY ${by} LIMIT 1 BY chain, pos`;
}

/** The row of a list, or undefined where its bytes are no longer a record. */
export function listed({ c: chain, p: pos, topic, header, b: body }: StoredRow) {
  return rowOf({ chain, pos, topic, header, body });
}

/** Reads one page. @throws SandtrailError `REQUEST_MALFORMED` for a cursor that is none */
export async function eventPage(
  query: EventQuery,
  { queries, signal }: EventReading,
): Promise<Omit<EventPage, 'totals' | 'askedAtNs'>> {
  const { edge, before, after, limit } = query;
  const where = whereOf(query);
  const isOnward = after !== undefined || (edge === 'oldest' && before === undefined);
  const cursor = after ?? before;
  const place = cursor === undefined ? undefined : placeOf(cursor);
  const side = isOnward ? '>' : '<';
  const beyond = place === undefined ? '' : ` AND (time, chain, pos) ${side} ${placeSql}`;
  const found = await queries.rows({
    sql: rowsSql(`${where.sql}${beyond}`, isOnward ? 'ASC' : 'DESC'),
    params: { ...where.params, ...place, limit: limit + 1 },
    row: StoredRow,
    signal,
  });
  const hasMore = found.length > limit;
  const page = found.slice(0, limit);
  const rows = isOnward ? page : page.toReversed();
  return {
    ...readable(rows),
    ...endsOf(rows, { isOnward, hasMore, hasCursor: place !== undefined }),
  };
}

const placeSql = `(fromUnixTimestamp64Nano({cursorTime:Int64}, 'UTC'),
  toFixedString(unhex({cursorChain:String}), 32), {cursorPos:UInt64})`;

function readable(found: readonly StoredRow[]) {
  const rows = found.map(listed).filter((row): row is EventRow => row !== undefined);
  return { rows, unreadable: found.length - rows.length };
}

interface Direction {
  readonly isOnward: boolean;
  readonly hasMore: boolean;
  readonly hasCursor: boolean;
}

/** Where the neighbouring pages begin; the newest end stays open, since events go on coming. */
function endsOf(rows: readonly StoredRow[], { isOnward, hasMore, hasCursor }: Direction) {
  const [first] = rows;
  const last = rows.at(-1);
  const hasOlder = isOnward ? hasCursor : hasMore;
  const hasNewer = isOnward ? hasMore : hasCursor;
  return {
    before: first !== undefined && hasOlder ? cursorOf(first) : null,
    after: last !== undefined && hasNewer ? cursorOf(last) : null,
  };
}

function cursorOf({ t, c, p }: StoredRow): string {
  return `${t}.${c}.${p}`;
}

function placeOf(cursor: string): Record<string, Parameter> {
  const [, cursorTime = '', cursorChain = '', cursorPos = ''] =
    /^(\d{1,19})\.([0-9a-f]{64})\.(\d{1,20})$/.exec(cursor) ?? [];
  if (cursorPos !== '') return { cursorTime, cursorChain, cursorPos };
  throw new SandtrailError('REQUEST_MALFORMED', { detail: 'cursor' });
}
