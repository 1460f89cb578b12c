// Who did what here: acts of people as they were sealed, over whatever door they came.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Body } from '@sandtrail/schemas/events';
import type { Parameter } from '@sandtrail/store/connection';
import * as z from 'zod';
import type { AuditEntry, AuditQuery } from '../contract/audit.ts';
import type { EventReading } from '../events/event-page.ts';

type Entry = z.input<typeof AuditEntry>;

const Row = z.object({
  c: z.string(),
  p: z.string(),
  t: z.string(),
  s: z.string(),
  i: z.coerce.number(),
  body: z.string(),
});
const Total = z.object({ total: z.coerce.number() });

/** The acts as columns: what a person did stands under other names in each kind. */
const acts = `
SELECT chain, pos, time, sandbox, incarnation, body,
  multiIf(JSONHas(body, 'actor'), JSONExtractString(body, 'actor'),
    kind = 'containment.requested', JSONExtractString(body, 'request', 'requester', 'name'),
    JSONExtractString(body, 'by')) AS actor,
  multiIf(kind IN ('control.alert', 'control.sign_in'),
      concat(substring(toString(kind), 9), '.', JSONExtractString(body, 'act')),
    kind = 'control.audit', JSONExtractString(body, 'act'), toString(kind)) AS act,
  multiIf(kind = 'control.audit', JSONExtractString(body, 'outcome'),
    kind = 'containment.refused' OR JSONExtractString(body, 'act') = 'refused', 'refused',
    'done') AS outcome
FROM sealed
WHERE kind IN ('control.audit', 'control.alert', 'control.sign_in', 'control.verification',
    'containment.approved', 'containment.denied', 'containment.refused')
  OR (kind = 'containment.requested'
    AND JSONExtractString(body, 'request', 'requester', 'type') = 'operator')
LIMIT 1 BY chain, pos`;

/** A page, newest first, and how many there are. */
export async function auditPage(query: AuditQuery, { queries, signal }: EventReading) {
  const { sql, params } = wanted(query);
  const place = query.before === undefined ? undefined : placeOf(query.before);
  const beyond =
    place === undefined
      ? ''
      : ` AND (time, chain, pos) < (fromUnixTimestamp64Nano({ct:Int64}, 'UTC'),
          toFixedString(unhex({cc:String}), 32), {cp:UInt64})`;
  const [rows, total] = await Promise.all([
    queries.rows({
      sql: `
SELECT lower(hex(chain)) AS c, toString(pos) AS p, toString(toUnixTimestamp64Nano(time)) AS t,
  sandbox AS s, toString(incarnation) AS i, body
FROM (${acts}) WHERE ${sql}${beyond}
ORDER BY time DESC, chain DESC, pos DESC LIMIT {limit:UInt32}`,
      params: { ...params, ...place, limit: query.limit + 1 },
      row: Row,
      signal,
    }),
    queries.row({
      sql: `SELECT count() AS total FROM (${acts}) WHERE ${sql} LIMIT 1`,
      params,
      row: Total,
      signal,
    }),
  ]);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const before = rows.length > query.limit && last ? `${last.t}.${last.c}.${last.p}` : null;
  return { entries: page.flatMap(entryOf), total: total?.total ?? 0, before };
}

function wanted({ actor, act, outcome, sinceNs, untilNs }: AuditQuery) {
  const conditions: string[] = ['1'];
  const params: Record<string, Parameter> = {};
  const want = (name: string, value: string | undefined, condition: string) => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = value;
  };
  want('actor', actor, 'actor = {actor:String}');
  want('act', act, 'act = {act:String}');
  want('outcome', outcome, 'outcome = {outcome:String}');
  want('since', sinceNs, "time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')");
  want('until', untilNs, "time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')");
  return { sql: conditions.join(' AND '), params };
}

function placeOf(cursor: string): Record<string, Parameter> {
  const [, ct = '', cc = '', cp = ''] =
    /^(\d{1,19})\.([0-9a-f]{64})\.(\d{1,20})$/.exec(cursor) ?? [];
  if (cp !== '') return { ct, cc, cp };
  throw new SandtrailError('REQUEST_MALFORMED', { detail: 'cursor' });
}

const controlPlane = 'control-plane';

function entryOf({ c: chain, p: pos, t: timeNs, s, i, body: text }: z.output<typeof Row>): Entry[] {
  const body = Body.safeParse(JSON.parse(text));
  if (!body.success) return [];
  const about =
    s === controlPlane ? { sandbox: null, incarnation: null } : { sandbox: s, incarnation: i };
  const entry = { at: { chain, pos }, timeNs, kind: body.data.kind, ...about };
  const told = toldBy(body.data);
  return told === undefined ? [] : [{ ...entry, ...told }];
}

type Told = Pick<Entry, 'actor' | 'act' | 'detail' | 'outcome'>;

function toldBy(body: Body): Told | undefined {
  switch (body.kind) {
    case 'control.audit': {
      const { actor, act, detail, outcome } = body;
      return { actor, act, detail, outcome };
    }
    case 'control.alert': {
      const { actor, findings, owner, verdict, reason } = body;
      const words = [`${findings.length} alerts`, owner, verdict, reason].filter(Boolean);
      return { actor, act: `alert.${body.act}`, detail: words.join(', '), outcome: 'done' };
    }
    case 'control.sign_in': {
      const { actor, role, session, detail } = body;
      const outcome = body.act === 'refused' ? 'refused' : 'done';
      const words = [role, session, detail].filter((word) => word !== '');
      return { actor, act: `sign_in.${body.act}`, detail: words.join(', '), outcome };
    }
    case 'control.verification': {
      const { actor, verifiedChain, from, to, verdict, detail } = body;
      const words = `${verifiedChain} ${from}–${to}: ${verdict}. ${detail ?? ''}`;
      return { actor, act: body.kind, detail: words, outcome: 'done' };
    }
    case 'containment.requested': {
      const { requester, act, level, reason } = body.request;
      return {
        actor: requester.name,
        act: body.kind,
        detail: `${act} ${level}: ${reason}`,
        outcome: 'done',
      };
    }
    case 'containment.approved':
    case 'containment.denied':
    case 'containment.refused': {
      const outcome = body.kind === 'containment.refused' ? 'refused' : 'done';
      return { actor: body.by, act: body.kind, detail: body.reason, outcome };
    }
    default:
      return undefined;
  }
}
