// Sandboxes: the list, and one with its policy, its state and where it stands on the ladder.

import { ContainmentResult } from '@sandtrail/schemas/containment';
import { Level } from '@sandtrail/schemas/finding';
import { Isolation, Policy } from '@sandtrail/schemas/policy';
import { Count, Incarnation, Severity, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Family } from './family.ts';
import { Cursor, Digits, listOf, Ns, SealPlace, Search, Tally, whole } from './scalars.ts';

/** `killed` was contained for good; `ended` is gone by itself. */
export const SandboxState = z.enum(['created', 'running', 'frozen', 'killed', 'ended']);
export type SandboxState = z.infer<typeof SandboxState>;

/** Newest first; a cursor goes on to older ones. */
export const SandboxQuery = z.strictObject({
  states: listOf(SandboxState, 5).optional(),
  template: text(128).optional(),
  /** A part of uid, name or template. */
  search: Search.optional(),
  before: Cursor.optional(),
  limit: whole({ min: 1, max: 500 }).default(100),
});
export type SandboxQuery = z.infer<typeof SandboxQuery>;

/** One line of the list. Names are hostile text. */
export const SandboxSummary = z.strictObject({
  uid: z.string(),
  incarnation: Incarnation,
  name: text(128),
  template: text(128).nullable(),
  node: text(64),
  isolation: Isolation,
  /** What its policy declares; another value than `isolation` means that it is weaker. */
  isolationDeclared: Isolation,
  state: SandboxState,
  /** How it ended, in the words of `sandbox.destroyed`. */
  endedAs: text(64).nullable(),
  createdAtNs: Ns,
  startedAtNs: Ns.nullable(),
  endedAtNs: Ns.nullable(),
  lastEventAtNs: Ns,
  events: Count,
  findings: z.partialRecord(Severity, Count),
  /** The level that holds, and whether the last look still proved it. */
  level: Level,
  holds: z.boolean(),
  /** Requests about it that wait for a person. */
  waiting: Count,
  /** Records that collectors lost of it; `lostUnknown` losses of unknown size come on top. */
  lost: Digits,
  lostUnknown: Count,
});
export type SandboxSummary = z.infer<typeof SandboxSummary>;

/** A page, and how many match in all. */
export const SandboxPage = z.strictObject({
  sandboxes: z.array(SandboxSummary),
  total: Count,
  before: Cursor.nullable(),
  askedAtNs: Ns,
});
export type SandboxPage = z.infer<typeof SandboxPage>;

/** A rung: who asked, what the driver read at once, after 1 s and after 10 s. Proofs as returned. */
export const Rung = z.strictObject({
  level: Level,
  /** `not_proven`: applied, and no proof that holds was read back. */
  state: z.enum([
    'free',
    'waiting',
    'sent',
    'applied',
    'proven',
    'not_proven',
    'failed',
    'released',
  ]),
  requestId: z.string().nullable(),
  requestedBy: text(160).nullable(),
  approvedBy: text(128).nullable(),
  reason: text(512).nullable(),
  atNs: Ns.nullable(),
  results: z.array(ContainmentResult),
});
export type Rung = z.infer<typeof Rung>;

/** A collector that watches or watched the sandbox. */
export const SandboxCollector = z.strictObject({
  collector: text(32),
  node: text(64),
  epoch: Count,
  mode: text(128),
  blindSpots: z.array(text(256)),
  startedAtNs: Ns,
  stoppedAtNs: Ns.nullable(),
});

/** One sandbox. `policy` is as declared. */
export const SandboxDetail = SandboxSummary.extend({
  policy: Policy,
  policyDigest: z.string(),
  /** Declared fields that cannot be enforced or observed here, and why. */
  unenforced: z.array(z.strictObject({ field: text(128), reason: text(512) })).max(64),
  workspace: text(4096).nullable(),
  argv: z.array(text(4096)),
  ladder: z.array(Rung).length(7),
  byFamily: z.partialRecord(Family, Count),
  byKind: Tally,
  /** Bytes that left before the first denial or containment of egress, and in all. */
  bytesOut: z.strictObject({ beforeDenial: Count, total: Count }),
  collectors: z.array(SandboxCollector).max(256),
  created: SealPlace,
});
export type SandboxDetail = z.infer<typeof SandboxDetail>;
