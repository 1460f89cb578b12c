// The egress matcher: one decision for one destination, shared by proxy, resolver and detectors.
import type { Policy } from '@sandtrail/schemas/policy';
import { type Address, classifyAddress, parseAddress } from './address.ts';
import { canonicalHost, parseAuthority } from './host-name.ts';

/** Why a destination is refused; the same words as in `network.denied`. */
export type EgressRefusal =
  | 'not_allowed'
  | 'malformed_authority'
  | 'label_bytes'
  | 'ip_literal'
  | 'private_address';

/** Allowed (dial `canonicalHost` and nothing else), or denied and why. */
export type EgressVerdict =
  | {
      readonly allow: true;
      readonly canonicalHost: string;
      readonly port: number;
      /** Set when the destination was written as an address: there is nothing to resolve. */
      readonly address: Address | undefined;
    }
  | { readonly allow: false; readonly reason: EgressRefusal; readonly canonicalHost?: string };

/** A name that may be resolved, in canonical spelling, or may not and why. */
export type NameVerdict =
  | { readonly allow: true; readonly canonicalHost: string }
  | { readonly allow: false; readonly reason: EgressRefusal; readonly canonicalHost?: string };

/** A policy's network section, ready for constant-time decisions. */
export interface CompiledEgress {
  readonly mode: 'none' | 'restricted';
  /** Canonical host (name or address) → allowed ports. */
  readonly exact: ReadonlyMap<string, ReadonlySet<number>>;
  /** `example.com` for `*.example.com` → allowed ports; the name itself is not meant. */
  readonly wildcard: ReadonlyMap<string, ReadonlySet<number>>;
  /** Canonical name → addresses outside the public ranges to which it may resolve. */
  readonly privateAllow: ReadonlyMap<string, ReadonlySet<string>>;
  /** Entries that can never match, with the reason; they allow nothing. */
  readonly invalid: readonly { readonly entry: string; readonly reason: string }[];
}

/** Compiles the network section; an entry that makes no sense allows nothing and stands in `invalid`. */
export function compileEgress(network: Policy['network']): CompiledEgress {
  const exact = new Map<string, Set<number>>();
  const wildcard = new Map<string, Set<number>>();
  const invalid: { entry: string; reason: string }[] = [];
  for (const entry of network.egress_allowlist) {
    const reason = addDestination(entry, { exact, wildcard });
    if (reason !== undefined) invalid.push({ entry, reason });
  }
  const privateAllow = new Map<string, Set<string>>();
  for (const { name, address } of network.private_allow) {
    const host = canonicalHost(name);
    const target = parseAddress(address);
    if (host.type !== 'name' || target === undefined) {
      invalid.push({ entry: `${name} at ${address}`, reason: 'not a name and an address' });
    } else {
      privateAllow.set(host.host, (privateAllow.get(host.host) ?? new Set()).add(target.text));
    }
  }
  return { mode: network.mode, exact, wildcard, privateAllow, invalid };
}

/** Decides a destination as a client wrote it: `host` without port and, for IPv6, with or without brackets. */
export function decideEgress(
  compiled: CompiledEgress,
  { host, port }: { readonly host: string; readonly port: number },
): EgressVerdict {
  const canonical = canonicalHost(host);
  if (canonical.type === 'refused') return { allow: false, reason: canonical.reason };
  const address = canonical.type === 'address' ? canonical.address : undefined;
  if (portsOf(compiled, canonical.host).some((ports) => ports.has(port)))
    return { allow: true, canonicalHost: canonical.host, port, address };
  const reason = address === undefined ? 'not_allowed' : literalRefusal(address);
  return { allow: false, reason, canonicalHost: canonical.host };
}

/** Decides an authority (`host:port`) as it stands in CONNECT, `Host`, `:authority` or an absolute form. */
export function decideAuthority(
  compiled: CompiledEgress,
  { authority, portDefault }: { readonly authority: string; readonly portDefault?: number },
): EgressVerdict {
  const parsed = parseAuthority(authority, portDefault);
  if ('reason' in parsed) return { allow: false, reason: parsed.reason };
  return decideEgress(compiled, parsed);
}

/** Whether the resolver may answer the name (some port of it is allowed), and the name to ask for. */
export function decideName(compiled: CompiledEgress, name: string): NameVerdict {
  const canonical = canonicalHost(name);
  if (canonical.type === 'refused') return { allow: false, reason: canonical.reason };
  if (canonical.type === 'address') return { allow: false, reason: 'ip_literal' };
  if (portsOf(compiled, canonical.host).length === 0)
    return { allow: false, reason: 'not_allowed', canonicalHost: canonical.host };
  return { allow: true, canonicalHost: canonical.host };
}

/**
 * Whether an allowed name may be dialled at an address that it resolved to: a public one always,
 * any other only where `private_allow` states exactly that (DNS rebinding).
 */
export function mayResolveTo(
  compiled: CompiledEgress,
  { name, address }: { readonly name: string; readonly address: Address },
): boolean {
  if (classifyAddress(address) === 'public') return true;
  return compiled.privateAllow.get(name)?.has(address.text) ?? false;
}

function addDestination(
  entry: string,
  into: { readonly exact: Map<string, Set<number>>; readonly wildcard: Map<string, Set<number>> },
): string | undefined {
  const match = /^(\*\.)?(.+):(\d{1,5})$/.exec(entry);
  if (match === null) return 'write it as host:port';
  const [, star, host = '', digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return `port ${port} is not between 1 and 65535`;
  if (host.includes(':') && !host.startsWith('[')) return 'write an IPv6 address in brackets';
  const canonical = canonicalHost(host);
  if (canonical.type === 'refused') return `"${host}" is not a host name`;
  if (star !== undefined && canonical.type === 'address') return 'an address has no subdomains';
  const map = star === undefined ? into.exact : into.wildcard;
  map.set(canonical.host, (map.get(canonical.host) ?? new Set()).add(port));
  return undefined;
}

function portsOf(compiled: CompiledEgress, host: string): ReadonlySet<number>[] {
  if (compiled.mode === 'none') return [];
  const found: ReadonlySet<number>[] = [];
  const exact = compiled.exact.get(host);
  if (exact !== undefined) found.push(exact);
  if (compiled.wildcard.size === 0) return found;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const ports = compiled.wildcard.get(host.slice(dot + 1));
    if (ports !== undefined) found.push(ports);
  }
  return found;
}

function literalRefusal(address: Address): EgressRefusal {
  return classifyAddress(address) === 'public' ? 'ip_literal' : 'private_address';
}
