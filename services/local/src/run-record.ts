// What the store holds about one run that has ended: counts by kind, findings, losses, containment.
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import type { Body } from '@sandtrail/schemas/events';
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { streamAdmin } from './admin-client.ts';

/** A run's record, as far as a report tells of it. */
export interface RunRecord {
  /** Events by kind; what was sent twice counts once. */
  readonly events: Readonly<Record<string, number>>;
  readonly findings: readonly FindingLine[];
  readonly losses: readonly LossLine[];
  readonly containment: readonly ContainmentLine[];
}

interface FindingLine {
  readonly id: string;
  readonly detector: string;
  readonly severity: string;
  readonly title: string;
  readonly explanation: string;
}

interface LossLine {
  readonly source: string;
  readonly reason: string;
  readonly count: string;
}

interface ContainmentLine {
  readonly kind: string;
  readonly level: Level;
  readonly result: Pick<ContainmentResult, 'state' | 'check' | 'proof' | 'latencyUs'> | undefined;
}

interface Asking {
  readonly socket: string;
  readonly sandbox: SandboxUid;
}

/** How long nothing may be added about a sandbox that has ended until its record is closed. */
const quietMs = 400;
const settleMsMax = 8_000;
const linesMax = 10_000;

/**
 * Reads it once its end is stored and nothing follows any more, or after 8 s as it then is.
 * @throws SandtrailError `NOT_RUNNING` when nothing serves the record at the end of that time
 */
export async function readRunRecord(asking: Asking): Promise<RunRecord> {
  const events = await settledCounts(asking);
  const bodies: Body[] = [];
  for (const kind of ['finding', 'collector.gap', 'containment.'])
    bodies.push(...(await bodiesOf(asking, kind)));
  return { events, ...told(bodies) };
}

/** A core that is being started again is waited for. */
async function settledCounts(asking: Asking): Promise<RunRecord['events']> {
  let before = '';
  for (let waitedMs = 0; ; waitedMs += quietMs) {
    const isLast = waitedMs >= settleMsMax;
    const counts = await countsOf(asking).catch((error: unknown) => {
      if (isLast || !(error instanceof SandtrailError)) throw error;
      return {};
    });
    const now = JSON.stringify(counts);
    if (isLast || ('sandbox.destroyed' in counts && now === before)) return counts;
    before = now;
    await delay(quietMs);
  }
}

const KindCount = z.object({ kind: z.string(), records: z.coerce.number() });

async function countsOf({ socket, sandbox }: Asking): Promise<RunRecord['events']> {
  const sql = `SELECT kind, uniqExact(stream, seq) AS records FROM sealed
    WHERE sandbox = '${sandbox}' GROUP BY kind ORDER BY kind`;
  const counts: Record<string, number> = {};
  for await (const line of streamAdmin({
    socket,
    method: 'POST',
    path: '/v1/sql',
    input: { sql },
  })) {
    const { kind, records } = KindCount.parse(JSON.parse(line));
    counts[kind] = records;
  }
  return counts;
}

/** Of each record once: one that was sent again has the same stream and number. */
async function bodiesOf({ socket, sandbox }: Asking, kind: string): Promise<readonly Body[]> {
  const input = { sandbox, kind, limit: linesMax };
  const bodies = new Map<string, Body>();
  for await (const line of streamAdmin({ socket, method: 'GET', path: '/v1/events', input })) {
    const { body } = parseEventLine(line);
    bodies.set(`${body.stream} ${body.seq}`, body);
  }
  return [...bodies.values()];
}

function told(bodies: readonly Body[]): Omit<RunRecord, 'events'> {
  const findings: FindingLine[] = [];
  const losses: LossLine[] = [];
  const containment: ContainmentLine[] = [];
  for (const body of bodies) {
    switch (body.kind) {
      case 'finding': {
        const { id, detector, severity, title, explanation } = body.finding;
        findings.push({ id, detector, severity, title, explanation });
        break;
      }
      case 'collector.gap':
        losses.push({ source: body.source, reason: body.reason, count: body.count.toString() });
        break;
      case 'containment.requested':
        containment.push({ kind: body.kind, level: body.request.level, result: undefined });
        break;
      case 'containment.applied':
      case 'containment.verified':
      case 'containment.failed':
      case 'containment.released': {
        const { state, check, proof, latencyUs, level } = body.result;
        containment.push({ kind: body.kind, level, result: { state, check, proof, latencyUs } });
        break;
      }
      default:
    }
  }
  return { findings, losses, containment };
}
