// One sandbox with all that is constant for it, its ladder, its counts and who watches it.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Body, type BodyOf } from '@sandtrail/schemas/events';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import { parseStream } from '@sandtrail/schemas/stream';
import * as z from 'zod';
import type { Family } from '../contract/family.ts';
import type { SandboxDetail } from '../contract/sandboxes.ts';
import { eventTotals } from '../events/event-totals.ts';
import { StoredBody, storedBodies } from '../events/stored-bodies.ts';
import type { ContainmentBook } from '../ledger/containment-book.ts';
import { ladderOf } from './ladder.ts';
import { type LifeReading, sandboxSummary } from './sandbox-lives.ts';

interface Subject {
  readonly uid: SandboxUid;
  readonly incarnation: number;
}

interface DetailReading extends LifeReading {
  readonly book: ContainmentBook;
}

const BytesOut = z.object({ total: z.coerce.number(), before: z.coerce.number() });
const unenforcedMax = 64;
const collectorsMax = 256;

/** @throws SandtrailError `NOT_FOUND` */
export async function sandboxDetail(
  { uid, incarnation }: Subject,
  reading: DetailReading,
): Promise<z.input<typeof SandboxDetail>> {
  const [summary, bodies, byKind, bytesOut] = await Promise.all([
    sandboxSummary(uid, incarnation, reading),
    constantBodies({ uid, incarnation }, reading),
    kindsOf({ uid, incarnation }, reading),
    bytesOutOf({ uid, incarnation }, reading),
  ]);
  const created = bodies.find(isOf('sandbox.created'));
  if (summary === undefined || created === undefined)
    throw new SandtrailError('NOT_FOUND', { detail: `sandbox ${uid} ${incarnation}` });
  const started = bodies.find(isOf('sandbox.started'));
  const unenforced = bodies.filter(isOf('sandbox.unenforced')).slice(0, unenforcedMax);
  return {
    ...summary,
    policy: created.body.policy,
    policyDigest: created.body.policyDigest,
    unenforced: unenforced.map(({ body: { field, reason } }) => ({ field, reason })),
    workspace: created.body.workspace ?? null,
    argv: started?.body.argv ?? [],
    ladder: ladderOf(reading.book.about(uid, incarnation)),
    ...byKind,
    bytesOut,
    collectors: collectorsOf(bodies),
    created: created.at,
  };
}

interface Placed<B extends Body> {
  readonly at: { readonly chain: string; readonly pos: string };
  readonly timeNs: string;
  readonly body: B;
}

function isOf<K extends Body['kind']>(kind: K) {
  return (placed: Placed<Body>): placed is Placed<BodyOf<K>> => placed.body.kind === kind;
}

async function constantBodies({ uid, incarnation }: Subject, reading: LifeReading) {
  const kinds = ['sandbox.created', 'sandbox.started', 'sandbox.unenforced'];
  const all = [...kinds, 'collector.started', 'collector.stopped'];
  const rows = await reading.queries.rows({
    sql: storedBodies({
      condition: `sandbox = {s:String} AND incarnation = {i:UInt32}
        AND kind IN (${all.map((kind) => `'${kind}'`).join(', ')})`,
      limit: 2000,
    }),
    params: { s: uid, i: incarnation },
    row: StoredBody,
    signal: reading.signal,
  });
  return rows.flatMap(({ c: chain, p: pos, t: timeNs, body: text }): Placed<Body>[] => {
    const body = Body.safeParse(text);
    return body.success ? [{ at: { chain, pos }, timeNs, body: body.data }] : [];
  });
}

async function kindsOf({ uid, incarnation }: Subject, reading: LifeReading) {
  const filter = { sandbox: uid, incarnation };
  const totals = await eventTotals(filter, reading);
  const byFamily: Partial<Record<Family, number>> = totals.isExact ? totals.byFamily : {};
  return { byFamily, byKind: totals.isExact ? totals.byKind : {} };
}

async function bytesOutOf({ uid, incarnation }: Subject, { queries, signal }: LifeReading) {
  const own = 'sandbox = {s:String} AND incarnation = {i:UInt32}';
  const row = await queries.row({
    sql: `
WITH (SELECT min(time) FROM sealed WHERE ${own} AND kind = 'network.denied') AS denied,
  (SELECT count() FROM sealed WHERE ${own} AND kind = 'network.denied') AS denials
SELECT sum(bytes) AS total, sumIf(bytes, denials = 0 OR time < denied) AS before FROM (
  SELECT time, JSONExtractUInt(body, 'bytesOut') AS bytes FROM sealed
  WHERE ${own} AND kind IN ('network.flow', 'network.http') LIMIT 1 BY chain, pos) LIMIT 1`,
    params: { s: uid, i: incarnation },
    row: BytesOut,
    signal,
  });
  return { beforeDenial: row?.before ?? 0, total: row?.total ?? 0 };
}

function collectorsOf(bodies: readonly Placed<Body>[]) {
  const stopped = new Map(
    bodies.filter(isOf('collector.stopped')).map(({ body, timeNs }) => [body.stream, timeNs]),
  );
  return bodies
    .filter(isOf('collector.started'))
    .slice(0, collectorsMax)
    .map(({ body, timeNs }) => {
      const { collector, node, epoch } = parseStream(body.stream);
      return {
        ...{ collector, node, epoch, mode: body.mode },
        blindSpots: body.blindSpots,
        startedAtNs: timeNs,
        stoppedAtNs: stopped.get(body.stream) ?? null,
      };
    });
}
