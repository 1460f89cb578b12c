// Grants: what a credential may write, and for whom.
import type { Sender } from '@sandtrail/schemas/body';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** A node's name, as it stands in streams. */
export const NodeName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const hostPrefix = 'host:';
const sandboxPrefix = 'sandbox:';

/** A grant as it is enrolled: `host:<node>` or `sandbox:<uid>`. */
export const GrantText = z.string().refine(
  (grant) => {
    if (grant.startsWith(hostPrefix)) return NodeName.safeParse(grant.slice(5)).success;
    return grant.startsWith(sandboxPrefix) && SandboxUid.safeParse(grant.slice(8)).success;
  },
  { error: 'host:<node> or sandbox:<uid>' },
);

/** The services of Sandtrail that write records of their own. */
export type ServiceName = Exclude<Sender, 'host' | 'sandbox'>;

/**
 * What a connection is bound to: a node's collectors, a sender that knows its sandbox's token, the
 * gateway's own kit (which speaks for the senders behind the sandboxes' sockets), or a service in
 * this process.
 */
export type Grant =
  | { readonly type: 'host'; readonly node: string }
  | { readonly type: 'sandbox'; readonly uid: SandboxUid }
  | { readonly type: 'sockets'; readonly node: string }
  | { readonly type: 'service'; readonly name: ServiceName };

/** A credential: who it is, in whose tenant, and its grant. */
export interface Credential {
  readonly id: string;
  readonly tenant: string;
  readonly grant: Grant;
}

/** Reads an enrolled grant; throws a ZodError when it is not one. */
export function parseGrant(text: string): Grant {
  const grant = GrantText.parse(text);
  if (grant.startsWith(hostPrefix)) return { type: 'host', node: grant.slice(hostPrefix.length) };
  return { type: 'sandbox', uid: SandboxUid.parse(grant.slice(sandboxPrefix.length)) };
}

/** True when a sender with this grant may send a kind that lists `senders`. */
export function mayEmit(grant: Grant, kind: string, senders: readonly Sender[]): boolean {
  switch (grant.type) {
    case 'host':
    case 'sandbox':
      return senders.includes(grant.type);
    case 'sockets':
      return senders.includes('sandbox') || kind.startsWith('collector.');
    case 'service':
      // A service that numbers its records with the kit says so in the kit's own kinds.
      return senders.includes(grant.name) || kind.startsWith('collector.');
    default:
      return grant satisfies never;
  }
}
