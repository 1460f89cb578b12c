// What each code of the verifier weighs, and the verdict and exit code that follow.
import type { VerifyCode, VerifyReport } from '@sandtrail/schemas/seal';

type Weight = 'tampered' | 'incomplete' | 'unanchored' | 'counted';

/**
 * `counted` codes leave the verdict alone: they name what honest crashes and resends leave behind.
 * An `unattested_tail` is one of them, since a collector that was killed cannot close its stream.
 */
const weights: Readonly<Record<VerifyCode, Weight>> = {
  leaf_mismatch: 'tampered',
  projection_mismatch: 'tampered',
  gap: 'tampered',
  offset_gap: 'tampered',
  link_mismatch: 'tampered',
  fork: 'tampered',
  benign_duplicate: 'counted',
  root_mismatch: 'tampered',
  bad_signature: 'tampered',
  unknown_key: 'tampered',
  truncated: 'tampered',
  rollback: 'tampered',
  inconsistent: 'tampered',
  equivocation: 'tampered',
  chain_identity: 'tampered',
  missing_chain: 'tampered',
  missing_prefix: 'tampered',
  incomplete_export: 'incomplete',
  producer_gap: 'tampered',
  producer_equivocation: 'tampered',
  attestation_mismatch: 'tampered',
  unattested_tail: 'counted',
  retransmission: 'counted',
  unsealed: 'unanchored',
  unanchored: 'unanchored',
  alg_refused: 'tampered',
};

/** Worst first: something contradicted outweighs something that is not there. */
const order = ['tampered', 'incomplete', 'unanchored'] as const;

/** True when the code alone makes the verdict `tampered`. */
export function isTampering(code: VerifyCode): boolean {
  return weights[code] === 'tampered';
}

/** The verdict over all findings: the worst weight among them. */
export function verdictOf(codes: Iterable<VerifyCode>): VerifyReport['verdict'] {
  const found = new Set<Weight>();
  for (const code of codes) found.add(weights[code]);
  return order.find((weight) => found.has(weight)) ?? 'verified';
}

/** The exit code of `sandtrail verify`: 0 verified and anchored, 1, 2 or 3. */
export function exitOf({ verdict }: VerifyReport): 0 | 1 | 2 | 3 {
  switch (verdict) {
    case 'verified':
      return 0;
    case 'tampered':
      return 1;
    case 'unanchored':
      return 2;
    case 'incomplete':
      return 3;
    default:
      return verdict satisfies never;
  }
}
