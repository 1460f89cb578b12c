// One event as lists show it: a line of text, its place, and what ties it to other events.
import { Count, Incarnation, Severity, Tenant, Trust, text } from '@sandtrail/schemas/scalars';
import { Topic } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import { Family } from './family.ts';
import { Digits, Ns, SealPlace } from './scalars.ts';

/** A process by pid and start time; the parent as far as the sensor told it. */
export const ProcessKey = z.strictObject({
  pid: Count,
  startNs: Digits,
  ppid: Count.nullable(),
  uid: Count.nullable(),
  /** Hostile text, as are all `summary`, `title` and names from a sandbox. */
  exe: text(4096).nullable(),
});
export type ProcessKey = z.infer<typeof ProcessKey>;

/** What a row of the findings topic says in a list. */
export const RowFinding = z.strictObject({
  id: z.string(),
  detector: z.string(),
  severity: Severity,
  title: text(128),
  /** The events that it rests on, by stream and sequence number. */
  evidence: z.array(z.strictObject({ stream: z.string(), seq: Digits })),
});

/** What a row of containment says in a list. */
export const RowContainment = z.strictObject({
  requestId: z.string(),
  level: z.string().nullable(),
  state: z.string().nullable(),
  /** `finding:ID` for an act that answers a finding, else a name of its own. */
  incident: z.string().nullable(),
});

/**
 * A row. (`stream`, `seq`) names the event for ever, (`chain`, `pos`) says where it is sealed; the
 * last fields are what order by cause is made of.
 */
export const EventRow = z.strictObject({
  ...SealPlace.shape,
  topic: Topic,
  timeNs: Ns,
  tenant: Tenant,
  sandbox: z.string(),
  incarnation: Incarnation,
  kind: z.string(),
  family: Family,
  trust: Trust,
  stream: z.string(),
  seq: Digits,
  /** What happened, in one line made from the body; hostile text. */
  summary: text(512),
  /** True when the summary shows only the beginning; the event itself has all. */
  isCut: z.boolean(),
  /** The policy refused it: not an alert. */
  isDenied: z.boolean(),
  /** The call failed with this error number. */
  errno: Count.nullable(),
  bytes: z.strictObject({ out: Count, in: Count }).nullable(),
  finding: RowFinding.nullable(),
  containment: RowContainment.nullable(),
  process: ProcessKey.nullable(),
  /** The process that this event made. */
  child: z.strictObject({ pid: Count, startNs: Digits.nullable() }).nullable(),
  /** The call of a tool that this row is, answers, or was caused by. */
  toolCall: text(128).nullable(),
  /** The event that the sender names as the cause; a claim where `trust` is one. */
  cause: z.strictObject({ stream: z.string(), seq: Digits }).nullable(),
  /** Spans that were masked in it. */
  redactions: Count,
});
export type EventRow = z.infer<typeof EventRow>;
