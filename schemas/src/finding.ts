// A finding: what a detector concluded, on which evidence, and what it would do about it.
import * as z from 'zod';
import {
  Count,
  Incarnation,
  SandboxUid,
  Severity,
  Sha256Hex,
  Tenant,
  Trust,
  text,
  Uint64,
  UnixNs,
} from './scalars.ts';
import { StreamId } from './stream.ts';

/** One event that a finding rests on; chain positions are joined in the store by these three. */
export const Evidence = z.strictObject({
  stream: StreamId,
  seq: Uint64,
  bodyHash: Sha256Hex,
  trust: Trust,
});
export type Evidence = z.infer<typeof Evidence>;

/** The rungs of containment; a higher one includes less evidence (`evidenceLost` of each driver). */
export const Level = z.enum(['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6']);
export type Level = z.infer<typeof Level>;

/** MITRE ATT&CK for Containers, MITRE ATLAS or OWASP Agentic identifiers. */
export const Technique = z.strictObject({
  framework: z.enum(['attack', 'atlas', 'owasp-agentic']),
  id: z.string().regex(/^[A-Z][A-Za-z0-9.]{1,15}$/),
});

/** What a detector would have done; only `contain` may act without a person, where policy allows. */
export const Recommendation = z.discriminatedUnion('act', [
  z.strictObject({ act: z.enum(['none', 'watch']) }),
  z.strictObject({ act: z.enum(['approve', 'contain']), level: Level }),
]);

/**
 * A function of the log only: the same records in partition order give the same findings, byte for
 * byte. `id` = SHA-256 over detector, bundle, sandbox, incarnation, dedupe key and window.
 */
export const Finding = z.strictObject({
  v: z.literal(1),
  id: Sha256Hex,
  detector: z.string().regex(/^[a-z][a-z0-9-]{1,47}$/),
  bundle: Sha256Hex,
  tenant: Tenant,
  sandbox: SandboxUid,
  incarnation: Incarnation,
  /** Event time of the record that decided. */
  timeNs: UnixNs,
  title: text(128),
  /** One sentence with the numbers that decided. */
  explanation: text(1024),
  severity: Severity,
  confidence: z.enum(['low', 'medium', 'high']),
  techniques: z.array(Technique).max(8),
  dedupeKey: text(512),
  windowStartNs: UnixNs.optional(),
  evidence: z.array(Evidence).min(1).max(16),
  evidenceOmitted: Count.optional(),
  /** At least one piece of evidence is a kernel or host record about this sandbox (invariant 11). */
  witnessed: z.boolean(),
  recommend: Recommendation,
});
export type Finding = z.infer<typeof Finding>;
