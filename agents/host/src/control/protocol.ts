// The words that runner, responder and host daemon exchange over the control socket: one JSON line each.
import { ContainmentResult, SignedRequest } from '@sandtrail/schemas/containment';
import { Level } from '@sandtrail/schemas/finding';
import { Policy } from '@sandtrail/schemas/policy';
import { Count, Incarnation, SandboxUid, text } from '@sandtrail/schemas/scalars';
import { StreamId } from '@sandtrail/schemas/stream';
import * as z from 'zod';

/** Longest line either way: a policy of 1,024 destinations fits several times over. */
export const lineSizeBytesMax = 1_048_576;

const id = Count;

/** A sandbox as its runner registers it. */
export const Registration = z.strictObject({
  uid: SandboxUid,
  incarnation: Incarnation,
  node: text(64),
  policy: Policy,
  cgroup: z.strictObject({ path: text(1024), id: z.string().regex(/^\d{1,20}$/) }).optional(),
  initPid: z.int().min(2),
  workspace: text(4096),
  /** Where it stood on the ladder when a former daemon was lost; L0 at birth. */
  level: Level,
  /** True when its runner froze it because the daemon was lost: thaw it once it is watched again. */
  frozen: z.boolean(),
});
export type Registration = z.infer<typeof Registration>;

/** What a collector does for a sandbox, as the daemon says when it is armed. */
export const ArmedCollector = z.strictObject({
  name: text(64),
  on: z.boolean(),
  detail: text(1024),
});
export type ArmedCollector = z.infer<typeof ArmedCollector>;

/** To the host daemon. */
export const ToHost = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('register'), id, sandbox: Registration }),
  z.strictObject({ type: z.literal('unregister'), id }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('egress'), id, openFlows: Count, denied: z.boolean() }),
  z.strictObject({ type: z.literal('contain'), id, signed: SignedRequest }),
  z.strictObject({ type: z.literal('status'), id }),
  z.strictObject({
    type: z.literal('watch'),
    id,
    container: text(256),
    policy: Policy,
    allowWeaker: z.boolean(),
  }),
]);
export type ToHost = z.infer<typeof ToHost>;

/** One sandbox in the daemon's list. */
export const SandboxStatus = z.strictObject({
  uid: SandboxUid,
  incarnation: Incarnation,
  level: Level,
  driver: text(64),
});
export type SandboxStatus = z.infer<typeof SandboxStatus>;

/** Where a stream of the host's collectors about a sandbox ended. */
export const EndedStream = z.strictObject({
  stream: StreamId,
  lastSeq: z.string().regex(/^\d{1,20}$/),
});
export type EndedStream = z.infer<typeof EndedStream>;

/** From the host daemon. */
export const FromHost = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('armed'), id, collectors: z.array(ArmedCollector).max(32) }),
  z.strictObject({ type: z.literal('unregistered'), id, streams: z.array(EndedStream).max(16) }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({ type: z.literal('ask'), id, what: z.enum(['deny', 'allow', 'status']) }),
  /** The sandbox is about to rise to this level, or was released to L0. */
  z.strictObject({ type: z.literal('level'), level: Level }),
  z.strictObject({ type: z.literal('result'), id, result: ContainmentResult }),
  z.strictObject({ type: z.literal('done'), id }),
  z.strictObject({ type: z.literal('sandboxes'), id, sandboxes: z.array(SandboxStatus).max(4096) }),
  z.strictObject({
    type: z.literal('watching'),
    id,
    uid: SandboxUid,
    incarnation: Incarnation,
    isolation: text(64),
    unenforced: z.array(text(128)).max(32),
  }),
  z.strictObject({ type: z.literal('refused'), id, code: text(64), detail: text(1024) }),
]);
export type FromHost = z.infer<typeof FromHost>;
