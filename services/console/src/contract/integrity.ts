// Integrity: every chain with its head and what confirms it, and verification of a range.
import { RangeVerdict } from '@sandtrail/schemas/events/control-verification';
import { Count, Sha256Hex, text } from '@sandtrail/schemas/scalars';
import { VerifyCode } from '@sandtrail/schemas/seal';
import { Topic } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import { Digits, Ns, SealPlace } from './scalars.ts';

/** How a verification ended: never without its time and its range. */
export const VerificationResult = z.strictObject({
  chain: Sha256Hex,
  from: Digits,
  to: Digits,
  rows: Digits,
  verdict: RangeVerdict,
  code: VerifyCode.nullable(),
  position: Digits.nullable(),
  detail: text(1024).nullable(),
  actor: text(128),
  endedAtNs: Ns,
});
export type VerificationResult = z.infer<typeof VerificationResult>;

/** One chain: which partition it seals, how far, and what was last signed and verified of it. */
export const ChainView = z.strictObject({
  chain: Sha256Hex,
  log: text(64),
  topic: Topic,
  partition: Count,
  /** The last sealed position; null while the chain has no row. */
  head: z.strictObject({ pos: Digits, link: z.string() }).nullable(),
  /** Records in the log that are not sealed yet. */
  behind: Digits,
  isStopped: z.boolean(),
  /** The newest signed checkpoint: rows before `size` are signed. */
  checkpoint: z
    .strictObject({ size: Digits, note: text(4096), signedAtNs: Ns, at: SealPlace })
    .nullable(),
  /** The last verification from this console that covers all rows, and the last of any range. */
  lastFull: VerificationResult.nullable(),
  last: VerificationResult.nullable(),
});
export type ChainView = z.infer<typeof ChainView>;

/** Losses that collectors told, newest first. */
export const GapView = z.strictObject({
  at: SealPlace,
  atNs: Ns,
  sandbox: z.string(),
  incarnation: Count,
  stream: z.string(),
  source: text(64),
  /** 0: it is not known how many. */
  count: Digits,
  firstNs: Ns,
  lastNs: Ns,
  reason: text(32),
});
export type GapView = z.infer<typeof GapView>;

/** All chains, and the newest gaps of `gapsTotal`. */
export const IntegrityView = z.strictObject({
  chains: z.array(ChainView),
  gaps: z.array(GapView),
  gapsTotal: Count,
  /** Where the signed heads are kept outside the data directory. */
  headFile: text(4096),
  /** The command that a stranger runs to check all of it. */
  verifyCommand: text(4096),
  askedAtNs: Ns,
});
export type IntegrityView = z.infer<typeof IntegrityView>;

/** Which range to verify: all of it when neither end is given. Both ends are included. */
export const VerificationRequest = z.strictObject({
  chain: Sha256Hex,
  from: Digits.optional(),
  to: Digits.optional(),
});
export type VerificationRequest = z.infer<typeof VerificationRequest>;

/** A verification that runs or ran. */
export const Verification = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  chain: Sha256Hex,
  from: Digits,
  to: Digits,
  actor: text(128),
  startedAtNs: Ns,
  /** Rows gone through so far. */
  rows: Digits,
  /** Null while it runs. */
  result: VerificationResult.nullable(),
});
export type Verification = z.infer<typeof Verification>;

/** Which verification, by its name. */
export const VerificationPath = Verification.pick({ id: true });

/** Messages of a verification's stream by SSE event name: as it goes, and once when it is over. */
export const verificationMessages = { progress: Verification, result: Verification } as const;
