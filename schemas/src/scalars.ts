// The scalars of the contract: 64-bit numbers, bounded text, identifiers and hashes.
import * as z from 'zod';

/** Largest body that the gateway frames, in bytes of UTF-8; a larger one is refused, never cut. */
export const bodySizeBytesMax = 1_048_576;

const uint64Max = 2n ** 64n - 1n;

/** An unsigned 64-bit integer: a decimal string outside, a bigint inside. */
export const Uint64 = z.codec(
  z.string().regex(/^(?:0|[1-9]\d{0,19})$/),
  z.bigint().min(0n).max(uint64Max),
  { decode: (digits) => BigInt(digits), encode: (value) => value.toString() },
);

/** A signed 64-bit integer, as system calls return it: a decimal string outside, a bigint inside. */
export const Int64 = z.codec(
  z.string().regex(/^(?:0|-?[1-9]\d{0,18})$/),
  z
    .bigint()
    .min(-(2n ** 63n))
    .max(2n ** 63n - 1n),
  { decode: (digits) => BigInt(digits), encode: (value) => value.toString() },
);

/** Nanoseconds since the Unix epoch. */
export const UnixNs = Uint64;

/** A small non-negative integer (a pid, a port, a count) that JSON numbers hold exactly. */
export const Count = z.int().min(0);

/** Text from an untrusted place, at most `sizeMax` UTF-16 units; a longer original stands in `raw`. */
export function text(sizeMax: number) {
  return z.string().max(sizeMax);
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** A sandbox's immutable identifier; `host-*` and `control-*` are reserved for Sandtrail's own records. */
export const SandboxUid = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{6,62}$/)
  .brand<'SandboxUid'>();
export type SandboxUid = z.infer<typeof SandboxUid>;

/** Which life of a sandbox uid: a scheduler that reuses a uid raises it. */
export const Incarnation = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** A tenant's name. */
export const Tenant = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** Who is believed: `kernel` and `host` are witnessed, `sandbox` and `self_reported` are claimed. */
export const Trust = z.enum(['kernel', 'host', 'sandbox', 'self_reported']);
export type Trust = z.infer<typeof Trust>;

/** True when a record of this trust class is evidence and not only a claim (invariant 11). */
export function isWitnessed(trust: Trust): boolean {
  return trust === 'kernel' || trust === 'host';
}

/** How bad a finding is, after OCSF `severity_id`. */
export const Severity = z.enum(['info', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;
