// One record as a row of a list: from its sealed bytes, whatever they hold.

import { Process } from '@sandtrail/schemas/body';
import { type Body, Body as BodySchema } from '@sandtrail/schemas/events';
import { type Header, Header as HeaderSchema } from '@sandtrail/schemas/header';
import { Count, Uint64 } from '@sandtrail/schemas/scalars';
import type { Topic } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import type { EventRow } from '../contract/event-row.ts';
import { familyOf } from '../contract/family.ts';
import { readJson } from './read-json.ts';
import { summaryOf } from './summary.ts';

/** A record: its place, and its header and body as text. */
export interface RecordText {
  readonly chain: string;
  readonly pos: string;
  readonly topic: Topic;
  readonly header: string;
  readonly body: string;
}

const summaryCharsMax = 512;

/** The row, or undefined when the bytes are not what a gateway frames: then `verify` names them. */
export function rowOf(record: RecordText): EventRow | undefined {
  const header = HeaderSchema.safeParse(readJson(record.header));
  const json = readJson(record.body);
  const loose = LooseBody.safeParse(json);
  if (!header.success || !loose.success) return undefined;
  const body = BodySchema.safeParse(json);
  const place = { chain: record.chain, pos: record.pos, topic: record.topic };
  const row = { ...place, ...headerOf(header.data), ...looseOf(loose.data) };
  return body.success
    ? { ...row, ...boundedText(summaryOf(body.data)), ...toldBy(body.data) }
    : row;
}

/** What any body has, also one of a kind that this version does not know or that was cut short. */
const LooseBody = z.looseObject({
  kind: z.string().max(64),
  stream: z.string().max(256),
  seq: Uint64,
  process: Process.optional().catch(undefined),
  cause: z
    .looseObject({ stream: z.string(), seq: z.string(), toolCall: z.string() })
    .partial()
    .optional()
    .catch(undefined),
  callId: z.string().max(128).optional().catch(undefined),
  errno: Count.optional().catch(undefined),
  redactions: z.array(z.unknown()).optional().catch(undefined),
  /** Set by the store where a body is too long for a list: its text's beginning. */
  beginning: z.string().optional().catch(undefined),
});

function headerOf({ timeNs, tenant, sandbox, incarnation, trust }: Header) {
  return { timeNs: `${timeNs}`, tenant, sandbox, incarnation, trust };
}

function looseOf(body: z.output<typeof LooseBody>) {
  const { kind, stream, seq, process, cause, callId, errno, redactions, beginning } = body;
  const named = cause?.stream !== undefined && cause.seq !== undefined;
  return {
    kind,
    family: familyOf(kind),
    stream,
    seq: `${seq}`,
    summary: (beginning ?? '').slice(0, summaryCharsMax).toWellFormed(),
    isCut: true,
    isDenied: false,
    errno: errno ?? null,
    bytes: null,
    finding: null,
    containment: null,
    process: process === undefined ? null : processOf(process),
    child: null,
    toolCall: callId ?? cause?.toolCall ?? null,
    cause: named ? { stream: cause.stream ?? '', seq: cause.seq ?? '' } : null,
    redactions: redactions?.length ?? 0,
  } satisfies Partial<EventRow>;
}

function processOf({ pid, startNs, ppid, uid, exe, comm }: Process) {
  return {
    pid,
    startNs: `${startNs}`,
    ppid: ppid ?? null,
    uid: uid ?? null,
    exe: exe ?? comm ?? null,
  };
}

function boundedText(text: string) {
  return {
    summary: text.slice(0, summaryCharsMax).toWellFormed(),
    isCut: text.length > summaryCharsMax,
  };
}

/** What only some kinds tell. */
function toldBy(body: Body): Partial<EventRow> {
  switch (body.kind) {
    case 'network.denied':
      return { isDenied: true };
    case 'network.dns':
      return { isDenied: body.verdict === 'denied' || body.verdict === 'refused' };
    case 'network.flow':
    case 'network.http':
      return { bytes: { out: body.bytesOut, in: body.bytesIn } };
    case 'process.fork': {
      const { childPid: pid, childStartNs } = body;
      return { child: { pid, startNs: childStartNs === undefined ? null : `${childStartNs}` } };
    }
    case 'finding': {
      const { id, detector, severity, title, evidence } = body.finding;
      const places = evidence.map(({ stream, seq }) => ({ stream, seq: `${seq}` }));
      return { finding: { id, detector, severity, title, evidence: places } };
    }
    case 'containment.requested': {
      const { id: requestId, level, incident } = body.request;
      return { containment: { requestId, level, state: body.awaiting ?? null, incident } };
    }
    case 'containment.applied':
    case 'containment.verified':
    case 'containment.failed':
    case 'containment.released': {
      const { requestId, level, state } = body.result;
      return { containment: { requestId, level, state, incident: null } };
    }
    case 'containment.approved':
    case 'containment.denied':
    case 'containment.refused': {
      const state = body.kind.slice('containment.'.length);
      return { containment: { requestId: body.requestId, level: null, state, incident: null } };
    }
    default:
      return {};
  }
}
