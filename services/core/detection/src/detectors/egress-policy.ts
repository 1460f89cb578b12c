// Detects traffic that the policy does not allow, and ways around the proxy and the resolver.
import { type Address, classifyAddress, parseAddress } from '@sandtrail/policy/address';
import { decideEgress, decideName, mayResolveTo } from '@sandtrail/policy/egress';
import { getDomain } from 'tldts';
import * as z from 'zod';
import { type Act, type ActOf, errnoOf } from '../detection-event.ts';
import { type Detection, defineDetector } from '../detector.ts';
import { egressPolicyExamples } from '../examples/egress-policy.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';

const Config = z.strictObject({
  /** The same destination again within this time is one finding. */
  repeatMs: z.int().min(0).default(3_600_000),
});

type Found = Omit<Detection, 'windowMs'>;

const inProgress = 115;
const metadataHosts = new Set(['169.254.169.254', '100.100.100.200', 'fd00:ec2::254']);

/** Destinations outside the allowlist, literals, rebinding and mismatches (T1041, T1090, T1071). */
export const egressPolicy = defineDetector({
  name: 'egress-policy',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1041' },
    { framework: 'attack', id: 'T1071' },
  ],
  kinds: ['network.connect', 'network.denied', 'network.dns', 'network.http', 'network.flow'],
  scope: 'single',
  sparesLauncher: true,
  config: Config,
  start: (config) => ({
    step(event, sandbox, emit) {
      const found = judge(event.act, sandbox);
      if (found === undefined) return;
      emit({ ...found, windowMs: config.repeatMs });
    },
  }),
  examples: egressPolicyExamples,
});

function judge(act: Act, sandbox: SandboxView): Found | undefined {
  switch (act.kind) {
    case 'network.connect':
      return judgeConnect(act, sandbox);
    case 'network.denied':
      return judgeDenied(act);
    case 'network.dns':
      return judgeAnswer(act, sandbox);
    case 'network.http':
    case 'network.flow':
      return judgeThrough(act, sandbox);
    default:
      return undefined;
  }
}

/** A connection past the proxy. Loopback is the sandbox's own network namespace, proxy included. */
function judgeConnect(act: ActOf<'network.connect'>, sandbox: SandboxView): Found | undefined {
  if (act.family !== 'inet' && act.family !== 'inet6') return undefined;
  const address = parseAddress(act.address);
  if (address === undefined || sandbox.policy === undefined) return undefined;
  const place = classifyAddress(address);
  if (place === 'loopback' || place === 'unspecified') return undefined;
  const { egress } = sandbox.policy.expect;
  const port = act.port ?? 0;
  const name = sandbox.nameOf(address.text);
  if (decideEgress(egress, { host: address.text, port }).allow) return undefined;
  // Programs probe the addresses of a name that they may use (RFC 6724) with its port or none.
  if (name !== undefined && (port === 0 || decideEgress(egress, { host: name, port }).allow))
    return undefined;
  return describeConnect({ address, port, errno: errnoOf(act) });
}

function describeConnect(connect: {
  readonly address: Address;
  readonly port: number;
  readonly errno: number;
}): Found {
  const { address, port, errno } = connect;
  const place = classifyAddress(address);
  const failed = errno !== 0 && errno !== inProgress;
  const metadata = metadataHosts.has(address.text);
  const kind = metadata ? 'the cloud’s metadata service' : `a ${place} address`;
  const outcome = failed ? `failed with error ${errno}` : 'was not stopped';
  return {
    title: failed ? 'Connection past the proxy tried' : 'Connection past the proxy',
    explanation: `A program connected straight to ${destination(address, port)}, ${kind} outside the allowlist; this ${outcome}.`,
    severity: failed && !metadata ? 'medium' : 'high',
    confidence: 'high',
    recommend: { act: 'approve', level: failed ? 'L1' : 'L2' },
    dedupeKey: `connect:${address.text}:${port}:${failed ? 'failed' : 'open'}`,
  };
}

function destination(address: Address, port: number): string {
  return address.family === 4 ? `${address.text}:${port}` : `[${address.text}]:${port}`;
}

type Reason = ActOf<'network.denied'>['reason'];

/** Refusals that say something about intent; the others are failures of the far side or of load. */
const denials: Readonly<Partial<Record<Reason, readonly [Detection['severity'], string]>>> = {
  not_allowed: ['medium', 'is not on the allowlist'],
  ip_literal: ['medium', 'is an address and not a name'],
  private_address: ['high', 'leads to an address that is not public'],
  malformed_authority: ['high', 'is spelled so as to be read in two ways'],
  sni_mismatch: ['high', 'was named otherwise in the TLS greeting'],
  host_mismatch: ['high', 'was named otherwise in the request'],
  encrypted_hello: ['high', 'was hidden by an encrypted greeting'],
  label_bytes: ['high', 'has bytes that no host name has'],
  record_type: ['low', 'was asked for a type of record that is not answered'],
};

function judgeDenied(act: ActOf<'network.denied'>): Found | undefined {
  const known = denials[act.reason];
  if (known === undefined) return undefined;
  const [severity, words] = known;
  const host = act.host ?? act.destination;
  if (act.protocol === 'dns' && isLocalName(host)) return undefined;
  const domain = getDomain(host) ?? host;
  return {
    title: 'Destination refused',
    explanation: `The ${act.protocol === 'dns' ? 'resolver' : 'proxy'} refused ${quote(act.destination)}: it ${words}.`,
    severity,
    confidence: 'high',
    recommend: severity === 'low' ? { act: 'watch' } : { act: 'approve', level: 'L1' },
    dedupeKey: `denied:${act.reason === 'not_allowed' ? domain : `${act.reason}:${domain}`}`,
  };
}

/** Names that resolvers ask for by themselves: the machine's own, its search domain, reverse look-ups. */
function isLocalName(name: string): boolean {
  return !name.includes('.') || /\.(?:arpa|local|internal|localdomain|lan|home)$/.test(name);
}

function judgeAnswer(act: ActOf<'network.dns'>, sandbox: SandboxView): Found | undefined {
  if (act.verdict === 'denied' || act.verdict === 'refused') return judgeUnanswered(act, sandbox);
  if (act.verdict !== 'answered' || sandbox.policy === undefined) return undefined;
  const { egress } = sandbox.policy.expect;
  const verdict = decideName(egress, act.name);
  if (!verdict.allow) {
    return unenforced(`The resolver answered ${quote(act.name)}, which is not allowed`, act.name);
  }
  const bad = act.answers.find((text) => {
    const address = parseAddress(text);
    return address !== undefined && !mayResolveTo(egress, { name: verdict.canonicalHost, address });
  });
  if (bad === undefined) return undefined;
  return rebinding(verdict.canonicalHost, bad);
}

function judgeUnanswered(act: ActOf<'network.dns'>, sandbox: SandboxView): Found | undefined {
  if (sandbox.policy === undefined || isLocalName(act.name)) return undefined;
  const verdict = decideName(sandbox.policy.expect.egress, act.name);
  if (verdict.allow) return undefined;
  const domain = getDomain(act.name) ?? act.name;
  return {
    title: 'Destination refused',
    explanation: `The resolver refused the name ${quote(act.name)}: it is not on the allowlist.`,
    severity: 'medium',
    confidence: 'high',
    recommend: { act: 'approve', level: 'L1' },
    dedupeKey: `denied:${domain}`,
  };
}

/** What the proxy let through, judged again by the declared policy. */
function judgeThrough(
  act: ActOf<'network.http' | 'network.flow'>,
  sandbox: SandboxView,
): Found | undefined {
  if (sandbox.policy === undefined) return undefined;
  const { egress } = sandbox.policy.expect;
  const verdict = decideEgress(egress, { host: act.host, port: act.port });
  const target = `${act.host}:${act.port}`;
  if (!verdict.allow)
    return unenforced(`The proxy let ${quote(target)} through, which is not allowed`, target);
  const address = act.address === undefined ? undefined : parseAddress(act.address);
  if (address !== undefined && verdict.address === undefined) {
    const name = verdict.canonicalHost;
    if (!mayResolveTo(egress, { name, address })) return rebinding(name, address.text);
  }
  const sni = act.kind === 'network.http' ? act.sni : undefined;
  if (sni === undefined || sni.toLowerCase() === verdict.canonicalHost) return undefined;
  return unenforced(`A tunnel to ${quote(target)} greeted ${quote(sni)}`, target);
}

function rebinding(name: string, address: string): Found {
  return {
    title: 'Allowed name leads to a private address',
    explanation: `The allowed name ${quote(name)} resolved to ${quote(address)}, which the policy does not declare for it.`,
    severity: 'high',
    confidence: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `rebinding:${name}`,
  };
}

function unenforced(words: string, key: string): Found {
  return {
    title: 'Traffic outside the policy got through',
    explanation: `${words}: what is enforced differs from what is declared.`,
    severity: 'high',
    confidence: 'high',
    recommend: { act: 'approve', level: 'L2' },
    dedupeKey: `through:${key}`,
  };
}
