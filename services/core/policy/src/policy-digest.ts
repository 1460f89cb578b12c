// The digest of a policy: what is sealed, so that a change at run time is seen.
import { createHash } from 'node:crypto';
import type { Policy } from '@sandtrail/schemas/policy';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 over the policy's canonical JSON (RFC 8785), 64 lower-case hexadecimal digits. */
export function policyDigest(policy: Policy): string {
  return createHash('sha256').update(canonicalJson(policy)).digest('hex');
}
