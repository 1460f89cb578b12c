// Where a sandbox talked to: by destination, allowed, denied, and allowed though not declared.
import { Count, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Ns, SealPlace, Tally } from './scalars.ts';

/** `undeclared`: it went through, and no rule of the policy says that it may. */
export const Reach = z.enum(['allowed', 'denied', 'undeclared']);
export type Reach = z.infer<typeof Reach>;

/** One destination. `host` is a name or an address, hostile text either way. */
export const Destination = z.strictObject({
  host: text(1024),
  port: Count.nullable(),
  reach: Reach,
  /** The entry of the allowlist that let it through; null where none did. */
  rule: text(261).nullable(),
  /** How often it was refused, by reason. */
  denials: Tally,
  addresses: z.array(text(64)).max(32),
  connections: Count,
  bytesOut: Count,
  bytesIn: Count,
  firstAtNs: Ns,
  lastAtNs: Ns,
  /** No earlier sandbox of this template went there; null when the template has no earlier one. */
  isNewForTemplate: z.boolean().nullable(),
  last: SealPlace,
});
export type Destination = z.infer<typeof Destination>;

/** Names that were asked for, by the domain that somebody registered. */
export const DnsDomain = z.strictObject({
  domain: text(255),
  queries: Count,
  names: Count,
  byVerdict: Tally,
  longestNameChars: Count,
  firstAtNs: Ns,
  lastAtNs: Ns,
});

/** Everything seen of a sandbox's network, or that nothing looks at it. */
export const NetworkView = z.strictObject({
  /** `none`: the policy gives no network; `unwatched`: no collector here sees it. */
  watch: z.enum(['watched', 'none', 'unwatched']),
  destinations: z.array(Destination),
  destinationsTotal: Count,
  domains: z.array(DnsDomain),
  domainsTotal: Count,
  reach: z.record(Reach, z.strictObject({ destinations: Count, connections: Count })),
  bytesOut: Count,
  bytesIn: Count,
});
export type NetworkView = z.infer<typeof NetworkView>;
