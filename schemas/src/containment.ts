// Containment: what is asked of a sandbox's scheduler, what it did, and the proof that it holds.
import * as z from 'zod';
import { Level } from './finding.ts';
import { Count, Incarnation, SandboxUid, Sha256Hex, text, UnixNs } from './scalars.ts';

/** Who asks: a detector's finding, a person, the host's own fast path, or the watchdog. */
export const Requester = z.strictObject({
  type: z.enum(['detector', 'operator', 'fast_path', 'watchdog']),
  name: text(128),
});

/**
 * One request for one rung of the ladder. `id` = SHA-256 over sandbox, incarnation, level and
 * incident: the same request again is the same act. It expires, so that an old kill can never hit
 * a new incarnation, and it is targeted by uid and incarnation, never by name.
 */
export const ContainmentRequest = z.strictObject({
  v: z.literal(1),
  id: Sha256Hex,
  /** `release` lowers to L0; it needs another actor than the requester. */
  act: z.enum(['contain', 'release']),
  sandbox: SandboxUid,
  incarnation: Incarnation,
  level: Level,
  incident: text(128),
  reason: text(512),
  requester: Requester,
  /** Set when a person had to agree and did. */
  approvedBy: text(128).optional(),
  requestedAtNs: UnixNs,
  expiresAtNs: UnixNs,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
});
export type ContainmentRequest = z.infer<typeof ContainmentRequest>;

/** A request as it travels: its exact JSON text and an Ed25519 signature over those bytes. */
export const SignedRequest = z.strictObject({
  request: text(4096),
  keyId: text(64),
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});
export type SignedRequest = z.infer<typeof SignedRequest>;

/**
 * What a driver read after acting. `escaped` are tasks of the sandbox that are not in the wanted
 * state; `truncated` means that not all could be visited, and then nothing is proven.
 */
export const Proof = z.strictObject({
  visited: Count,
  frozen: Count,
  alive: Count,
  escaped: Count,
  truncated: z.boolean(),
  /** CPU time that the sandbox used between two looks, in microseconds; 0 when frozen or dead. */
  cpuDeltaUs: Count,
  /** Flows out of the sandbox that are still open; absent when its runner did not answer. */
  openFlows: Count.optional(),
});
export type Proof = z.infer<typeof Proof>;

/** The state after an attempt. `already_gone` is a success that was not ours. */
export const ContainmentResult = z.strictObject({
  v: z.literal(1),
  requestId: Sha256Hex,
  sandbox: SandboxUid,
  incarnation: Incarnation,
  level: Level,
  state: z.enum(['applied', 'verified', 'already_gone', 'released', 'failed']),
  driver: text(64),
  /** Which look this is: at once, after 1 s or after 10 s. */
  check: z.enum(['at_once', 'after_1s', 'after_10s']),
  proof: Proof.optional(),
  /** What this rung destroyed that an investigator might have wanted. */
  evidenceLost: z.array(text(128)).max(8),
  /** From the request (or the deciding event, on the fast path) to this state, in microseconds. */
  latencyUs: Count,
  detail: text(512).optional(),
});
export type ContainmentResult = z.infer<typeof ContainmentResult>;
