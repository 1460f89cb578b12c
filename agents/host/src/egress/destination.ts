// From an authority to the one address that may be dialled: decided by policy, resolved, judged again.
import { isIP } from 'node:net';
import { parseAddress } from '@sandtrail/policy/address';
import {
  type CompiledEgress,
  decideAuthority,
  type EgressRefusal,
  mayResolveTo,
} from '@sandtrail/policy/egress';

/** Resolves a canonical name to addresses; rejects, or returns none, when there are none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** An allowed destination in canonical spelling; `address` where it was written as an address. */
export interface AllowedDestination {
  readonly host: string;
  readonly port: number;
  readonly address: string | undefined;
}

/** A refusal with the word that `network.denied` uses. */
export interface Refused {
  readonly refused: EgressRefusal | 'unresolved';
  readonly host?: string;
}

interface Judged {
  readonly policy: CompiledEgress;
  readonly authority: string;
  readonly portDefault?: number;
}

/** The policy's decision about an authority as the client wrote it. */
export function judgeAuthority(asked: Judged): AllowedDestination | Refused {
  const verdict = decideAuthority(asked.policy, asked);
  if (verdict.allow) {
    const { canonicalHost: host, port, address } = verdict;
    return { host, port, address: address?.text };
  }
  const { reason: refused, canonicalHost: host } = verdict;
  return host === undefined ? { refused } : { refused, host };
}

interface Resolved {
  readonly policy: CompiledEgress;
  readonly lookup: Lookup;
  readonly name: string;
}

/**
 * The addresses of an allowed name, canonical, to be used at once and never resolved again. One
 * address outside the public ranges that is not declared refuses the whole answer: a mixed answer
 * is how rebinding starts, and deny beats allow.
 */
export async function resolveName({ policy, lookup, name }: Resolved) {
  const texts = await lookup(name).catch(() => []);
  const addresses: string[] = [];
  for (const text of texts.slice(0, answersMax)) {
    const address = isIP(text) === 0 ? undefined : parseAddress(text);
    if (address === undefined) continue;
    if (!mayResolveTo(policy, { name, address }))
      return { refused: 'private_address' } satisfies Refused;
    addresses.push(address.text);
  }
  return addresses.length === 0 ? ({ refused: 'unresolved' } satisfies Refused) : addresses;
}

/** Most addresses of one name that are looked at. */
export const answersMax = 16;
