// One event by its place: its exact text, its seal, who saw it, how it came about, its evidence.
import { hexOf } from '@sandtrail/chain/hash';
import { leafOfRow } from '@sandtrail/chain/leaf';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { CollectorStarted } from '@sandtrail/schemas/events/collector-started';
import { FindingEvent } from '@sandtrail/schemas/events/finding';
import { parseStream, StreamId } from '@sandtrail/schemas/stream';
import { Topic } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import type { EventDetail, Seal } from '../contract/event-detail.ts';
import type { SealPlace } from '../contract/scalars.ts';
import type { Books } from '../ledger/ledger.ts';
import type { EventReading } from './event-page.ts';
import { evidenceRows } from './evidence-rows.ts';
import { originOf } from './origin.ts';
import { rowOf } from './row-of.ts';
import { StoredBody, storedBodies } from './stored-bodies.ts';

interface DetailReading extends EventReading {
  readonly books: Books;
}

/** Bytes come in hexadecimal: what was changed since may be no text. */
const Whole = z.object({
  topic: Topic,
  partition: z.coerce.number(),
  offset: z.string(),
  appendedAt: z.string(),
  header: z.string(),
  body: z.string(),
  link: z.string(),
});
const CheckpointRow = z.object({
  c: z.string(),
  p: z.string(),
  size: z.string(),
  note: z.string(),
});

/** @throws SandtrailError `NOT_FOUND`, also for bytes that are no longer an event */
export async function eventDetail(
  { chain, pos }: SealPlace,
  reading: DetailReading,
): Promise<z.input<typeof EventDetail>> {
  const { queries, signal } = reading;
  const place = { chain, pos };
  const stored = await queries.row({
    sql: `
SELECT topic, partition, toString(offset) AS offset,
  toString(toUnixTimestamp64Milli(appendedAt)) AS appendedAt,
  hex(header) AS header, hex(body) AS body, lower(hex(link)) AS link
FROM sealed WHERE chain = unhex({chain:String}) AND pos = {pos:UInt64} LIMIT 1`,
    params: place,
    row: Whole,
    signal,
  });
  if (stored === undefined) throw missing(place);
  const header = Buffer.from(stored.header, 'hex');
  const body = Buffer.from(stored.body, 'hex');
  const text = { header: header.toString(), body: body.toString() };
  const row = rowOf({ chain, pos, topic: stored.topic, ...text });
  if (row === undefined) throw missing(place);
  const finding = FindingEvent.safeParse(JSON.parse(text.body)).data?.finding;
  const [checkpoint, collector, origin, evidence] = await Promise.all([
    checkpointOf(place, reading),
    collectorOf(row.stream, reading),
    originOf(row, reading),
    evidenceRows(finding?.evidence ?? [], reading),
  ]);
  const at = { pos: BigInt(pos), offset: BigInt(stored.offset) };
  const seal = {
    ...place,
    partition: stored.partition,
    offset: stored.offset,
    appendedAtNs: `${BigInt(stored.appendedAt) * 1_000_000n}`,
    leaf: hexOf(leafOfRow({ ...at, header, body, link: undefined })),
    link: stored.link,
    checkpoint,
  };
  return { row, ...text, seal, collector, ...origin, evidence };
}

function missing({ chain, pos }: SealPlace): SandtrailError {
  return new SandtrailError('NOT_FOUND', { detail: `position ${pos} of chain ${chain}` });
}

/** The newest one of the chain, if it is about more rows than stand before this one. */
async function checkpointOf(
  { chain, pos }: SealPlace,
  { queries, signal }: EventReading,
): Promise<z.input<typeof Seal>['checkpoint']> {
  const found = await queries.row({
    sql: `
SELECT lower(hex(chain)) AS c, toString(pos) AS p, JSONExtractString(body, 'size') AS size,
  JSONExtractString(body, 'note') AS note
FROM sealed WHERE kind = 'control.checkpoint' AND subject = {signed:String}
ORDER BY pos DESC LIMIT 1`,
    params: { signed: chain },
    row: CheckpointRow,
    signal,
  });
  if (found === undefined || BigInt(found.size) <= BigInt(pos)) return null;
  const { size, note, c, p } = found;
  return { size, note, signedIn: { chain: c, pos: p } };
}

async function collectorOf(stream: string, { queries, signal }: EventReading) {
  const known = StreamId.safeParse(stream);
  if (!known.success) return { name: '', node: '', epoch: 0, mode: null, blindSpots: [] };
  const { collector: name, node, epoch } = parseStream(known.data);
  const started = await queries.row({
    sql: storedBodies({
      condition: "stream = {stream:String} AND kind = 'collector.started'",
      limit: 1,
    }),
    params: { stream },
    row: StoredBody,
    signal,
  });
  const body = CollectorStarted.safeParse(started?.body).data;
  return { name, node, epoch, mode: body?.mode ?? null, blindSpots: body?.blindSpots ?? [] };
}
