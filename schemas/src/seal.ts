// What a seal is made of: chain identity, head, checkpoint, and what a verifier says of them.
import * as z from 'zod';
import { Count, Sha256Hex, text, Uint64 } from './scalars.ts';

/** Domain separation of every hash; 0x00 and 0x01 are those of RFC 6962. */
export const hashPrefix = { leaf: 0x00, node: 0x01, link: 0x02, genesis: 0x03 } as const;

/** A chain's head: how many leaves, the last link, and the RFC 6962 root over all leaves. */
export const ChainHead = z.strictObject({
  chain: Sha256Hex,
  size: Uint64,
  link: Sha256Hex,
  root: Sha256Hex,
});
export type ChainHead = z.infer<typeof ChainHead>;

/** Where a chain stands, as a sealer or signer keeps it: enough to go on without reading it again. */
export const SealState = z.strictObject({
  v: z.literal(1),
  chain: Sha256Hex,
  size: Uint64,
  lastOffset: Uint64.nullable(),
  link: Sha256Hex,
  /** Roots of the perfect subtrees over all leaves, largest first (a compact range). */
  nodes: z.array(Sha256Hex).max(64),
});
export type SealState = z.infer<typeof SealState>;

/** What the signer signed last of a chain: a `SealState` as JSON text, and the note over it. */
export const SignedFile = z.strictObject({ v: z.literal(1), state: text(8192), note: text(4096) });
export type SignedFile = z.infer<typeof SignedFile>;

/** Heads kept outside the data directory: signed notes (C2SP signed-note), one for each chain. */
export const HeadFile = z.strictObject({
  v: z.literal(1),
  notes: z.array(text(4096)).max(4096),
});
export type HeadFile = z.infer<typeof HeadFile>;

/** What the user pins: the keys that are believed, and whether unsealed records are tolerated. */
export const TrustFile = z.strictObject({
  v: z.literal(1),
  /** Signed-note verifier keys: `name+hash+base64`. */
  keys: z.array(text(256)).min(1).max(64),
  sealingRequired: z.boolean().default(true),
});
export type TrustFile = z.infer<typeof TrustFile>;

/** The verifier's codes; a code is never reused for another meaning. */
export const VerifyCode = z.enum([
  'leaf_mismatch',
  'projection_mismatch',
  'gap',
  'offset_gap',
  'link_mismatch',
  'fork',
  'benign_duplicate',
  'root_mismatch',
  'bad_signature',
  'unknown_key',
  'truncated',
  'rollback',
  'inconsistent',
  'equivocation',
  'chain_identity',
  'missing_chain',
  'missing_prefix',
  'incomplete_export',
  'producer_gap',
  'producer_equivocation',
  'attestation_mismatch',
  'unattested_tail',
  'retransmission',
  'unsealed',
  'unanchored',
  'alg_refused',
]);
export type VerifyCode = z.infer<typeof VerifyCode>;

/** What `sandtrail verify --json` prints. */
export const VerifyReport = z.strictObject({
  verdict: z.enum(['verified', 'tampered', 'unanchored', 'incomplete']),
  findings: z.array(
    z.strictObject({
      code: VerifyCode,
      chain: Sha256Hex.nullable(),
      position: Uint64.nullable(),
      detail: text(1024),
    }),
  ),
  chains: z.array(
    z.strictObject({
      chain: Sha256Hex,
      topic: text(64),
      partition: Count,
      first: Uint64,
      last: Uint64,
      count: Uint64,
      head: Sha256Hex,
      anchored: z.boolean(),
    }),
  ),
});
export type VerifyReport = z.infer<typeof VerifyReport>;
