// Reads a plain HTTP request as a proxy must: one target, one matching Host, one way of framing.
import type { IncomingMessage } from 'node:http';
import { type AllowedDestination, judgeAuthority } from './destination.ts';
import { type Asked, admit, deny, type EgressCore } from './egress-core.ts';
import type { Denial } from './egress-record.ts';

/** A request that was admitted, and the path to ask the destination for. */
export interface PlainRequest {
  readonly asked: Asked;
  readonly destination: AllowedDestination;
  readonly path: string;
}

const portDefault = 80;
const absoluteForm = /^http:\/\/([^/?#]*)([^#]*)$/i;

/** Judges a request in absolute form (RFC 9112 §3.2.2); anything unclear is a recorded denial. */
export function judgePlainRequest(
  core: EgressCore,
  request: IncomingMessage,
): PlainRequest | Denial {
  const { url = '', method = '' } = request;
  const [, authority, rest = ''] = absoluteForm.exec(url) ?? [];
  const protocol = 'http' as const;
  if (authority === undefined)
    return deny(core, { protocol, destination: url, method, reason: 'malformed_request' });
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const asked: Asked = { protocol, destination: authority, method, path };
  const destination = admit(core, { asked, authority, portDefault });
  if ('reason' in destination) return destination;
  const { host, port } = destination;
  const hosts = headerValues(request, 'host');
  if (!hostsMatch(core, { hosts, destination, version: request.httpVersion })) {
    const claimed = hosts.join(', ');
    return deny(core, { ...asked, host, port, claimed, reason: 'host_mismatch' });
  }
  if (!framedPlainly(request))
    return deny(core, { ...asked, host, port, reason: 'malformed_request' });
  return { asked, destination, path };
}

/** Every value of a header, in order; `headers` would drop or join doubled ones. */
export function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

interface HostsOptions {
  readonly hosts: readonly string[];
  readonly destination: AllowedDestination;
  readonly version: string;
}

function hostsMatch(core: EgressCore, { hosts, destination, version }: HostsOptions): boolean {
  const [host] = hosts;
  if (host === undefined) return version === '1.0';
  if (hosts.length > 1) return false;
  const claimed = judgeAuthority({ policy: core.policy, authority: host, portDefault });
  if ('refused' in claimed) return false;
  return claimed.host === destination.host && claimed.port === destination.port;
}

/** The parser refuses both lengths at once; codings that would be lost on the way are refused here. */
function framedPlainly(request: IncomingMessage): boolean {
  const codings = headerValues(request, 'transfer-encoding');
  if (codings.length === 0) return true;
  const chunkedOnly = codings.length === 1 && codings[0]?.trim().toLowerCase() === 'chunked';
  return chunkedOnly && request.httpVersion === '1.1';
}
