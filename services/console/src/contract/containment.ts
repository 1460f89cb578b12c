// Containment: where each sandbox stands, what waits for a person, and the acts of people.
import { ContainmentRequest, ContainmentResult, Requester } from '@sandtrail/schemas/containment';
import { Level } from '@sandtrail/schemas/finding';
import { Count, Incarnation, SandboxUid, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Ns, Reason } from './scalars.ts';

/** A request and what became of it; `already`: nothing was sent, since it stood so. */
export const ContainmentItem = z.strictObject({
  requestId: z.string(),
  act: ContainmentRequest.shape.act,
  sandbox: z.string(),
  incarnation: Incarnation,
  sandboxName: text(128).nullable(),
  level: Level,
  requester: Requester,
  approvedBy: text(128).nullable(),
  reason: text(512),
  requestedAtNs: Ns,
  /** A waiting request counts as denied from then on. */
  expiresAtNs: Ns,
  state: z.enum([
    'waiting',
    'denied',
    'sent',
    'already',
    'applied',
    'verified',
    'already_gone',
    'released',
    'failed',
  ]),
  /** Proofs as the driver returned them, in the order of the looks. */
  results: z.array(ContainmentResult),
});
export type ContainmentItem = z.infer<typeof ContainmentItem>;

/** Where a sandbox stands. None of the requesters may release it. */
export const Standing = z.strictObject({
  sandbox: z.string(),
  incarnation: Incarnation,
  sandboxName: text(128).nullable(),
  level: Level,
  /** False when a later look showed that the level does not hold. */
  holds: z.boolean(),
  ended: z.boolean(),
  requesters: z.array(text(128)),
});
export type Standing = z.infer<typeof Standing>;

/** Everything about containment; `recent` newest first, of the run of this product. */
export const ContainmentView = z.strictObject({
  standings: z.array(Standing),
  waiting: z.array(ContainmentItem),
  recent: z.array(ContainmentItem),
  /** How many `recent` holds at most; older ones stand in the record. */
  recentMax: Count,
  askedAtNs: Ns,
});
export type ContainmentView = z.infer<typeof ContainmentView>;

/** A person asks for a level: it acts at once, and the answer waits for the first proof. */
export const ContainRequest = z.strictObject({
  sandbox: SandboxUid,
  incarnation: Incarnation,
  level: Level.exclude(['L0']),
  reason: Reason,
});
export type ContainRequest = z.infer<typeof ContainRequest>;

/** A person decides about a waiting request that another one made. */
export const DecisionRequest = z.strictObject({ requestId: z.string().max(64), reason: Reason });
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** A person lowers a containment that others asked for. */
export const ReleaseRequest = ContainRequest.omit({ level: true });
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;
