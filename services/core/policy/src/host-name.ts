// Host names and authorities in one canonical spelling, judged before any URL parser sees them.
import { type Address, endsInNumber, parseAddress } from './address.ts';

/** What a host turned out to be; only `host` of the result may be dialled or compared. */
export type CanonicalHost =
  | { readonly type: 'name'; readonly host: string }
  | { readonly type: 'address'; readonly host: string; readonly address: Address }
  | { readonly type: 'refused'; readonly reason: 'malformed_authority' | 'label_bytes' };

/** `host` and `port` of an authority, not yet judged, or why it is none. */
export type Authority =
  | { readonly host: string; readonly port: number }
  | { readonly reason: 'malformed_authority' };

/** What may stand in an authority at all; WHATWG `URL` would cut or map anything else silently. */
const authorityPattern = /^[A-Za-z0-9.:[\]-]{1,261}$/;

/** A DNS name as it may stand in a query or a policy; `_` occurs in service names. */
const namePattern = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}$/;
const nameSizeMax = 253;

/** Splits `host:port`, `[v6]:port` or a bare host (then `portDefault` holds, if any). */
export function parseAuthority(text: string, portDefault?: number): Authority {
  const refused = { reason: 'malformed_authority' } as const;
  if (!authorityPattern.test(text)) return refused;
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return refused;
  const [, host = '', digits] = match;
  const port = digits === undefined ? portDefault : Number(digits);
  if (port === undefined || port < 1 || port > 65_535) return refused;
  return { host, port };
}

/**
 * The one spelling of a host: lower case, one trailing dot dropped, addresses unwrapped.
 * Unicode is refused: an international name is written as its `xn--` labels (RFC 5891), and those are
 * compared and dialled as they stand, so that nothing downstream maps the name to another one.
 */
export function canonicalHost(text: string): CanonicalHost {
  const address = parseAddress(text.endsWith('.') ? text.slice(0, -1) : text);
  if (address !== undefined) return { type: 'address', host: address.text, address };
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const host = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  if (host.length === 0 || host.length > nameSizeMax)
    return { type: 'refused', reason: 'malformed_authority' };
  if (!namePattern.test(host)) return { type: 'refused', reason: 'label_bytes' };
  if (endsInNumber(host)) return { type: 'refused', reason: 'malformed_authority' };
  return { type: 'name', host };
}
