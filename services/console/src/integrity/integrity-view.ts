// Every chain with its head and what was signed of it, and the losses that collectors told.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import { CollectorGap } from '@sandtrail/schemas/events/collector-gap';
import * as z from 'zod';
import type { ChainView, GapView } from '../contract/integrity.ts';
import type { EventReading } from '../events/event-page.ts';
import { StoredBody, storedBodies } from '../events/stored-bodies.ts';
import type { VerificationBook } from '../ledger/verification-book.ts';

/** How far one place of the log is sealed. */
export interface Sealing {
  readonly place: Place;
  readonly chain: string | undefined;
  readonly sealedTo: bigint;
  readonly stopped: boolean;
}

interface IntegrityReading extends EventReading {
  readonly bus: Pick<LogReader, 'bounds'>;
  readonly sealing: () => readonly Sealing[];
  readonly verifications: VerificationBook;
  /** The log's name, which is part of every chain's identity. */
  readonly logName: string;
}

const gapsShown = 200;
const HeadRow = z.object({ c: z.string(), last: z.string(), link: z.string() });
const SignedRow = z.object({
  signed: z.string(),
  size: z.string(),
  note: z.string(),
  t: z.string(),
  c: z.string(),
  p: z.string(),
});
const GapRow = StoredBody.extend({ s: z.string(), i: z.coerce.number() });
const GapCount = z.object({ rows: z.coerce.number() });

/** The chains of this log, in the order of its places. */
export async function chainViews(reading: IntegrityReading): Promise<z.input<typeof ChainView>[]> {
  const { queries, signal, bus, sealing, verifications, logName } = reading;
  const [heads, signed] = await Promise.all([
    queries.rows({
      sql: `
SELECT lower(hex(chain)) AS c, toString(max(pos)) AS last,
  lower(hex(argMax(link, pos))) AS link FROM sealed GROUP BY chain LIMIT 10000`,
      row: HeadRow,
      signal,
    }),
    queries.rows({
      sql: `
SELECT subject AS signed, JSONExtractString(body, 'size') AS size,
  JSONExtractString(body, 'note') AS note, toString(toUnixTimestamp64Nano(time)) AS t,
  lower(hex(chain)) AS c, toString(pos) AS p
FROM sealed WHERE kind = 'control.checkpoint'
ORDER BY pos DESC LIMIT 1 BY subject LIMIT 10000`,
      row: SignedRow,
      signal,
    }),
  ]);
  const views = sealing().map(async ({ place, chain = '', sealedTo, stopped }) => {
    const head = heads.find(({ c }) => c === chain);
    const mark = signed.find((each) => each.signed === chain);
    const { next } = await bus.bounds(place);
    return {
      chain,
      log: logName,
      ...{ topic: place.topic, partition: place.partition, isStopped: stopped },
      head: head === undefined ? null : { pos: head.last, link: head.link },
      behind: `${next > sealedTo ? next - sealedTo : 0n}`,
      checkpoint: mark === undefined ? null : checkpointOf(mark),
      lastFull: verifications.lastFull(chain),
      last: verifications.last(chain),
    };
  });
  return (await Promise.all(views)).filter(({ chain }) => chain !== '');
}

function checkpointOf({ size, note, t: signedAtNs, c: chain, p: pos }: z.output<typeof SignedRow>) {
  return { size, note, signedAtNs, at: { chain, pos } };
}

/** The newest losses, and how many there are in all. */
export async function gapViews({ queries, signal }: EventReading) {
  const [rows, total] = await Promise.all([
    queries.rows({
      sql: storedBodies({
        condition: "kind = 'collector.gap'",
        limit: gapsShown,
        order: 'DESC',
      }).replace('SELECT', 'SELECT sandbox AS s, toString(incarnation) AS i,'),
      row: GapRow,
      signal,
    }),
    queries.row({
      sql: "SELECT count() AS rows FROM sealed WHERE kind = 'collector.gap' LIMIT 1",
      row: GapCount,
      signal,
    }),
  ]);
  const gaps = rows.flatMap(({ c: chain, p: pos, t: atNs, s: sandbox, i: incarnation, body }) => {
    const gap = CollectorGap.safeParse(body);
    if (!gap.success) return [];
    const { stream, source, count, firstNs, lastNs, reason } = gap.data;
    const view: z.input<typeof GapView> = {
      ...{ at: { chain, pos }, atNs, sandbox, incarnation, stream, source, reason },
      ...{ count: `${count}`, firstNs: `${firstNs}`, lastNs: `${lastNs}` },
    };
    return [view];
  });
  return { gaps, gapsTotal: total?.rows ?? 0 };
}
