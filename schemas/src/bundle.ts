// The export bundle: a sealed log as lines of JSON, which a stranger can verify offline.
import * as z from 'zod';
import { Count, Sha256Hex, text, Uint64 } from './scalars.ts';

/** Most chains that one bundle holds. */
const chainsMax = 4096;
/** A header or body of 1 MiB in base64; as text it may double for its escapes. */
const partSizeMax = 2_097_152;

/** One chain of a bundle, and how much of it there is. */
export const BundleChain = z.strictObject({
  chain: Sha256Hex,
  log: text(64),
  topic: text(64),
  partition: Count,
  first: Uint64,
  count: Uint64,
});
export type BundleChain = z.infer<typeof BundleChain>;

/**
 * The first line. Chains stand in the order in which their rows follow, those of topic `control`
 * first. `heads` are signed notes that were known when the bundle was made: they anchor nothing.
 */
export const BundleManifest = z.strictObject({
  sandtrail: z.literal('bundle'),
  v: z.literal(1),
  log: text(64),
  chains: z.array(BundleChain).max(chainsMax),
  heads: z.array(text(4096)).max(chainsMax),
});
export type BundleManifest = z.infer<typeof BundleManifest>;

const base64 = z.string().max(partSizeMax);

/**
 * Every further line: one row. `c` is the chain's place in the manifest. Header and body stand as
 * text, or in base64 where their bytes are not valid UTF-8. `link` is absent once it has expired.
 */
export const BundleRow = z.strictObject({
  c: Count,
  pos: Uint64,
  offset: Uint64,
  header: z.string().max(partSizeMax).optional(),
  headerBase64: base64.optional(),
  body: z.string().max(partSizeMax).optional(),
  bodyBase64: base64.optional(),
  link: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional(),
});
export type BundleRow = z.infer<typeof BundleRow>;
