// A fold over the log: what is sealed of some kinds, then what follows, each record once, in order.

import type { LogReader, LogRecord, Place } from '@sandtrail/bus/bus';
import { pause } from '@sandtrail/runtime/supervise';
import { type Body, Body as BodySchema } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { type Header, Header as HeaderSchema } from '@sandtrail/schemas/header';
import * as z from 'zod';
import type { SealPlace } from '../contract/scalars.ts';
import type { Queries } from '../events/queries.ts';
import { readJson } from '../events/read-json.ts';

/** A record of a wanted kind. */
export interface LogEntry {
  readonly at: SealPlace;
  readonly header: Header;
  readonly body: Body;
}

interface FoldOptions {
  readonly queries: Queries;
  readonly bus: Pick<LogReader, 'read' | 'arrival' | 'bounds'>;
  /** The places that hold the wanted kinds. */
  readonly places: readonly Place[];
  readonly chainOf: (place: Place) => string | undefined;
  /** Kinds, or what they begin with, such as `containment.`. */
  readonly kinds: readonly string[];
  /** Of what is sealed already, the newest so many. */
  readonly pastMax: number;
  readonly take: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}

const End = z.object({ c: z.string(), last: z.string() });
const Stored = z.object({ c: z.string(), p: z.string(), header: z.string(), body: z.string() });
const page = { recordsMax: 500, sizeBytesMax: 4 * 1024 * 1024 };
const timeSecondsMax = 60;

/** Takes the past; resolves with what rejects when following the log breaks. */
export async function startFold(options: FoldOptions): Promise<{ readonly ended: Promise<void> }> {
  const { places, queries, chainOf, signal } = options;
  const ends = await queries.rows({
    sql: `
SELECT lower(hex(chain)) AS c, toString(max(pos)) AS last FROM sealed
WHERE ${among(
      'topic',
      places.map(({ topic }) => topic),
    )} GROUP BY chain LIMIT 1000`,
    row: End,
    signal,
    timeSecondsMax,
  });
  const lasts = new Map(ends.map(({ c, last }) => [c, BigInt(last)]));
  await takePast(options, lasts);
  const follow = async (place: Place) => {
    const chain = await known(() => chainOf(place), signal);
    if (chain !== undefined) await followPlace(options, { place, chain, last: lasts.get(chain) });
  };
  return { ended: Promise.all(places.map(follow)).then(() => undefined) };
}

/** Stored rows up to the ends that were seen first: what came after is read from the log. */
async function takePast(options: FoldOptions, lasts: ReadonlyMap<string, bigint>): Promise<void> {
  const { queries, kinds, places, pastMax, take, signal } = options;
  const topics = among(
    'topic',
    places.map(({ topic }) => topic),
  );
  const wanted = kinds.map((kind) => `startsWith(kind, '${kind}')`).join(' OR ');
  const rows = queries.stream({
    sql: `
SELECT lower(hex(chain)) AS c, toString(pos) AS p, header, body FROM sealed
WHERE (chain, pos) IN (
  SELECT chain, pos FROM sealed WHERE ${topics} AND (${wanted})
  ORDER BY appendedAt DESC, pos DESC LIMIT 1 BY chain, pos LIMIT {limit:UInt32})
ORDER BY appendedAt, chain, pos LIMIT 1 BY chain, pos`,
    params: { limit: pastMax },
    row: Stored,
    signal,
    timeSecondsMax,
  });
  for await (const { c: chain, p: pos, header, body } of rows) {
    if (BigInt(pos) > (lasts.get(chain) ?? -1n)) continue;
    const entry = entryOf({ chain, pos }, header, body);
    if (entry !== undefined) take(entry);
  }
}

interface Following {
  readonly place: Place;
  readonly chain: string;
  readonly last: bigint | undefined;
}

async function followPlace(options: FoldOptions, { place, chain, last }: Following): Promise<void> {
  const { bus, kinds, take, signal } = options;
  const marks = kinds.map((kind) => Buffer.from(`"kind":"${kind}`));
  // A place's offsets are dense from 0, so the position after the last one is the next offset.
  let next = (last ?? -1n) + 1n;
  while (!signal.aborted) {
    await bus.arrival(place, next, signal);
    if (signal.aborted) return;
    for (const record of await bus.read(place, { from: next, ...page })) {
      next = record.offset + 1n;
      const entry = marks.some((mark) => record.value.includes(mark))
        ? entryOfRecord(chain, record)
        : undefined;
      if (entry !== undefined) take(entry);
    }
  }
}

function entryOfRecord(chain: string, { offset, value }: LogRecord): LogEntry | undefined {
  const frame = decodeFrame(value);
  if (typeof frame === 'string') return undefined;
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return entryOf({ chain, pos: `${offset}` }, text(frame.header), text(frame.body));
}

/** Undefined for bytes that are no event: the verifier names them, a fold passes them by. */
function entryOf(at: SealPlace, headerText: string, bodyText: string): LogEntry | undefined {
  const header = HeaderSchema.safeParse(readJson(headerText));
  const body = BodySchema.safeParse(readJson(bodyText));
  return header.success && body.success ? { at, header: header.data, body: body.data } : undefined;
}

/** Only names of our own come here: topics of the contract. */
function among(column: string, names: readonly string[]): string {
  return `${column} IN (${[...new Set(names)].map((name) => `'${name}'`).join(', ')})`;
}

const lookMs = 50;

/** Waits until something is known: a chain is, once its first record is sealed. */
async function known<T>(look: () => T | undefined, signal: AbortSignal): Promise<T | undefined> {
  for (;;) {
    const value = look();
    if (value !== undefined || signal.aborted) return value;
    await pause(lookMs, signal);
  }
}
