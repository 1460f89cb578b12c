// Who did what here: sealed acts of people, over whatever door they came.
import { Count, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Cursor, Ns, SealPlace, whole } from './scalars.ts';

/** Newest first; a cursor goes on to older ones. */
export const AuditQuery = z.strictObject({
  actor: text(128).min(1).optional(),
  act: text(64).min(1).optional(),
  outcome: z.enum(['done', 'refused', 'failed']).optional(),
  sinceNs: Ns.optional(),
  untilNs: Ns.optional(),
  before: Cursor.optional(),
  limit: whole({ min: 1, max: 500 }).default(100),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** One act. `detail` may quote what somebody typed. */
export const AuditEntry = z.strictObject({
  at: SealPlace,
  timeNs: Ns,
  /** The kind of the sealed event. */
  kind: text(64),
  actor: text(128),
  act: text(96),
  detail: text(2048),
  outcome: z.enum(['done', 'refused', 'failed']),
  /** The sandbox that it was about; null for none. */
  sandbox: z.string().nullable(),
  incarnation: Count.nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** A page, and how many match in all. */
export const AuditPage = z.strictObject({
  entries: z.array(AuditEntry),
  total: Count,
  before: Cursor.nullable(),
  askedAtNs: Ns,
});
export type AuditPage = z.infer<typeof AuditPage>;
