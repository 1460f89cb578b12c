// What the running product offers on its admin socket: requests and answers, parsed at both ends.
import { Role } from '@sandtrail/console/contract/rights';
import { Level } from '@sandtrail/schemas/finding';
import { Incarnation, SandboxUid, text } from '@sandtrail/schemas/scalars';
import { HeadFile, TrustFile } from '@sandtrail/schemas/seal';
import * as z from 'zod';

/** Which events a query or a tail wants; absent means any. Times are RFC 3339. */
export const EventFilter = z.strictObject({
  sandbox: SandboxUid.optional(),
  kind: text(64).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  text: text(256).optional(),
  limit: z.coerce.number().int().min(1).max(1_000_000).default(1000),
});
export type EventFilter = z.infer<typeof EventFilter>;

/** An analyst's own SQL: read-only, with bounds on time, rows and memory. */
export const SqlRequest = z.strictObject({ sql: text(65_536) });

/** What to verify against: keys that are believed, and heads from outside. */
export const VerifyRequest = z.strictObject({
  trust: TrustFile.optional(),
  heads: HeadFile.optional(),
});
export type VerifyRequest = z.infer<typeof VerifyRequest>;

/** A person asks for a rung of the ladder. */
export const QuarantineRequest = z.strictObject({
  sandbox: SandboxUid,
  incarnation: Incarnation.default(0),
  level: Level,
  reason: text(512),
  actor: text(128),
});
export type QuarantineRequest = z.infer<typeof QuarantineRequest>;

/** A person decides about a waiting request. */
export const Decision = z.strictObject({
  requestId: text(64),
  actor: text(128),
  reason: text(512).default(''),
});
export type Decision = z.infer<typeof Decision>;

/** A person other than the requester lowers a containment. */
export const ReleaseRequest = z.strictObject({
  sandbox: SandboxUid,
  incarnation: Incarnation.default(0),
  actor: text(128),
  reason: text(512),
});
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

/** Somebody at the socket wants a sign-in link. */
export const ConsoleLinkRequest = z.strictObject({
  actor: text(128).min(1),
  role: Role.default('admin'),
});
export type ConsoleLinkRequest = z.infer<typeof ConsoleLinkRequest>;

/** The link: open it within a minute, once. */
export const ConsoleLink = z.strictObject({ url: text(512) });

/** One destination by its name in the configuration. */
export const DestinationName = z.strictObject({ destination: text(32) });

/** What went wrong, as every door of Sandtrail says it. */
export const Fault = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
});
