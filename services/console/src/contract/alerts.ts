// Alerts: findings with what people did about them, which is a fold over sealed events.
import { AlertAct, AlertVerdict } from '@sandtrail/schemas/events/control-alert';
import { Finding } from '@sandtrail/schemas/finding';
import { Count, SandboxUid, Severity, Sha256Hex, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { EvidenceRow } from './event-detail.ts';
import { Cursor, listOf, Ns, Reason, SealPlace, Search, Tally, whole } from './scalars.ts';

/** Where an alert stands. */
export const AlertState = z.enum(['open', 'acknowledged', 'closed']);
export type AlertState = z.infer<typeof AlertState>;

/** `risk`: worst first, then oldest first, as the queue is worked; `newest`: as they came. */
export const AlertQuery = z.strictObject({
  states: listOf(AlertState, 3).optional(),
  severities: listOf(Severity, 5).optional(),
  detectors: listOf(text(48), 32).optional(),
  sandbox: SandboxUid.optional(),
  /** A person's name; `-` means nobody. */
  owner: text(128).optional(),
  search: Search.optional(),
  order: z.enum(['risk', 'newest']).default('risk'),
  after: Cursor.optional(),
  limit: whole({ min: 1, max: 500 }).default(100),
});
export type AlertQuery = z.infer<typeof AlertQuery>;

/** One thing that a person did about an alert. */
export const AlertStep = z.strictObject({
  atNs: Ns,
  actor: text(128),
  act: AlertAct,
  owner: text(128).nullable(),
  verdict: AlertVerdict.nullable(),
  reason: text(512),
  at: SealPlace,
});
export type AlertStep = z.infer<typeof AlertStep>;

const { id, detector, title, explanation, severity, confidence, techniques, witnessed, recommend } =
  Finding.shape;

/** An alert. `explanation` and `title` quote sandboxes: hostile text. */
export const Alert = z.strictObject({
  ...{ id, detector, title, explanation, severity, confidence, techniques, witnessed, recommend },
  timeNs: Ns,
  sandbox: z.string(),
  incarnation: Count,
  /** Null when its `sandbox.created` is not there. */
  sandboxName: text(128).nullable(),
  template: text(128).nullable(),
  at: SealPlace,
  state: AlertState,
  owner: text(128).nullable(),
  verdict: AlertVerdict.nullable(),
  /** The newest step; null while nobody did anything. */
  lastStep: AlertStep.nullable(),
  /** What containment answered it, newest request; null when none did. */
  containment: z
    .strictObject({ requestId: z.string(), level: text(2), state: text(16) })
    .nullable(),
  evidence: Count,
});
export type Alert = z.infer<typeof Alert>;

/** A page; `total` and the tallies are exact for the filter without `states`. */
export const AlertPage = z.strictObject({
  alerts: z.array(Alert),
  total: Count,
  byState: z.record(AlertState, Count),
  /** Open and acknowledged ones only. */
  bySeverity: z.partialRecord(Severity, Count),
  byDetector: Tally,
  /** Findings older than those that the queue holds: found by the events query, not here. */
  beyondBound: Count,
  lastAtNs: Ns.nullable(),
  after: Cursor.nullable(),
  askedAtNs: Ns,
});
export type AlertPage = z.infer<typeof AlertPage>;

/** One alert with its evidence and its history, oldest step first. */
export const AlertDetail = Alert.extend({
  steps: z.array(AlertStep),
  evidenceRows: z.array(EvidenceRow).max(16),
  evidenceOmitted: Count,
});
export type AlertDetail = z.infer<typeof AlertDetail>;

const ids = z.array(Sha256Hex).min(1).max(200);

/** One act about one alert or many: one sealed event, one receipt. */
export const AlertRequest = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('acknowledge'), ids, reason: text(512).default('') }),
  z.strictObject({
    act: z.literal('assign'),
    ids,
    owner: z.string().trim().min(1).max(128),
    reason: text(512).default(''),
  }),
  z.strictObject({ act: z.literal('close'), ids, verdict: AlertVerdict, reason: Reason }),
  z.strictObject({ act: z.literal('reopen'), ids, reason: Reason }),
  z.strictObject({ act: z.literal('comment'), ids, reason: Reason }),
]);
export type AlertRequest = z.infer<typeof AlertRequest>;
