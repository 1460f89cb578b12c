// The list of sandboxes: lives that match, with their counts, losses and standings.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Isolation } from '@sandtrail/schemas/policy';
import { Severity } from '@sandtrail/schemas/scalars';
import type { Parameter } from '@sandtrail/store/connection';
import * as z from 'zod';
import { type SandboxQuery, SandboxState, type SandboxSummary } from '../contract/sandboxes.ts';
import type { EventReading } from '../events/event-page.ts';
import type { ContainmentPort } from '../handlers/containment-port.ts';
import { countsSql, livesSql, lossesSql } from './sandbox-sql.ts';

type Summary = z.input<typeof SandboxSummary>;

/** What the summaries are made from. */
export interface LifeReading extends EventReading {
  readonly containment: Pick<ContainmentPort, 'list'>;
}

const Life = z.object({
  s: z.string(),
  i: z.coerce.number(),
  name: z.string(),
  template: z.string(),
  node: z.string(),
  isolation: Isolation,
  declared: Isolation,
  createdAt: z.string(),
  startedAt: z.string(),
  endedAt: z.string(),
  endedAs: z.string(),
  hasStarted: z.coerce.number(),
  hasEnded: z.coerce.number(),
  state: SandboxState,
});
type Life = z.output<typeof Life>;
const CountRow = z.object({
  s: z.string(),
  i: z.coerce.number(),
  kind: z.string(),
  severity: z.string(),
  rows: z.coerce.number(),
  lastAt: z.string(),
});
const LossRow = z.object({
  s: z.string(),
  i: z.coerce.number(),
  lost: z.string(),
  unknown: z.coerce.number(),
});
const Total = z.object({ total: z.coerce.number() });

/** A page of lives, newest first. */
export async function sandboxPage(query: SandboxQuery, reading: LifeReading) {
  const { queries, signal } = reading;
  const { sql, params } = wantedLives(query);
  const lives = `(${livesSql('1')})`;
  const count = queries.row({
    sql: `SELECT count() AS total FROM ${lives} WHERE ${sql} LIMIT 1`,
    params,
    row: Total,
    signal,
  });
  const place = query.before === undefined ? undefined : placeOf(query.before);
  const beyond =
    place === undefined
      ? ''
      : ' AND (toUInt64(createdAt), s, i) < ({t:UInt64}, {cs:String}, {ci:UInt32})';
  const [found, total] = await Promise.all([
    queries.rows({
      sql: `
SELECT * FROM ${lives} WHERE ${sql}${beyond}
ORDER BY toUInt64(createdAt) DESC, s DESC, i DESC LIMIT {limit:UInt32}`,
      params: { ...params, ...place, limit: query.limit + 1 },
      row: Life,
      signal,
    }),
    count,
  ]);
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const hasMore = found.length > query.limit && last !== undefined;
  return {
    sandboxes: await summaries(page, reading),
    total: total?.total ?? 0,
    before: hasMore ? `${last.createdAt}.${last.s}.${last.i}` : null,
  };
}

/** One life, or undefined when no `sandbox.created` of it is sealed. */
export async function sandboxSummary(
  uid: string,
  incarnation: number,
  reading: LifeReading,
): Promise<Summary | undefined> {
  const life = await reading.queries.row({
    sql: `${livesSql('sandbox = {s:String} AND incarnation = {i:UInt32}')} LIMIT 1`,
    params: { s: uid, i: incarnation },
    row: Life,
    signal: reading.signal,
  });
  if (life === undefined) return undefined;
  const [summary] = await summaries([life], reading);
  return summary;
}

function wantedLives({ states, template, search }: SandboxQuery) {
  const conditions: string[] = ['1'];
  const params: Record<string, Parameter> = {};
  if (states !== undefined) {
    for (const [index, state] of states.entries()) params[`state${index}`] = state;
    conditions.push(`state IN (${states.map((_, index) => `{state${index}:String}`).join(', ')})`);
  }
  if (template !== undefined) {
    conditions.push('template = {template:String}');
    params['template'] = template;
  }
  if (search !== undefined) {
    conditions.push(
      "positionCaseInsensitiveUTF8(concat(s, '\\n', name, '\\n', template), {search:String}) > 0",
    );
    params['search'] = search;
  }
  return { sql: conditions.join(' AND '), params };
}

function placeOf(cursor: string): Record<string, Parameter> {
  const [, t = '', cs = '', ci = ''] =
    /^(\d{1,19})\.([a-z0-9-]{7,63})\.(\d{1,10})$/.exec(cursor) ?? [];
  if (ci !== '') return { t, cs, ci };
  throw new SandtrailError('REQUEST_MALFORMED', { detail: 'cursor' });
}

async function summaries(lives: readonly Life[], reading: LifeReading): Promise<Summary[]> {
  if (lives.length === 0) return [];
  const { queries, signal, containment } = reading;
  const params = Object.fromEntries(lives.map(({ s }, index) => [`u${index}`, s]));
  const among = `sandbox IN (${lives.map((_, index) => `{u${index}:String}`).join(', ')})`;
  const [counts, losses] = await Promise.all([
    queries.rows({ sql: countsSql(among, await queries.once()), params, row: CountRow, signal }),
    queries.rows({ sql: lossesSql(among), params, row: LossRow, signal }),
  ]);
  const { standings, waiting } = containment.list();
  const isOf = ({ s, i }: Life) => {
    return (each: { readonly sandbox: string; readonly incarnation: number }) =>
      each.sandbox === s && each.incarnation === i;
  };
  return lives.map((life) => {
    const own = counts.filter(({ s, i }) => s === life.s && i === life.i);
    const loss = losses.find(({ s, i }) => s === life.s && i === life.i);
    const standing = standings.find(isOf(life));
    return {
      ...identityOf(life),
      events: own.reduce((sum, { rows }) => sum + rows, 0),
      findings: bySeverity(own),
      lastEventAtNs: own.reduce((max, { lastAt }) => later(max, lastAt), life.createdAt),
      level: standing?.level ?? 'L0',
      holds: standing?.holds ?? true,
      waiting: waiting.filter(isOf(life)).length,
      lost: loss?.lost ?? '0',
      lostUnknown: loss?.unknown ?? 0,
    };
  });
}

function identityOf(life: Life) {
  const { s: uid, i: incarnation, name, node, isolation, declared, state, endedAs } = life;
  return {
    ...{ uid, incarnation, name, node, isolation, state },
    isolationDeclared: declared,
    template: life.template || null,
    endedAs: endedAs || null,
    createdAtNs: life.createdAt,
    startedAtNs: life.hasStarted === 1 ? life.startedAt : null,
    endedAtNs: life.hasEnded === 1 ? life.endedAt : null,
  };
}

/** Findings of some groups of rows, by severity. */
export function bySeverity(
  groups: readonly { readonly severity: string; readonly rows: number }[],
): Partial<Record<Severity, number>> {
  const tally: Partial<Record<Severity, number>> = {};
  for (const { severity, rows } of groups) {
    const known = Severity.safeParse(severity);
    if (known.success) tally[known.data] = (tally[known.data] ?? 0) + rows;
  }
  return tally;
}

function later(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
