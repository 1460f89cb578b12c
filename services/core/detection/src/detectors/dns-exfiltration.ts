// Detects data carried out in DNS names: many distinct long labels under one registered domain.

import { type Evidence, Evidence as EvidenceSchema } from '@sandtrail/schemas/finding';
import { getDomain } from 'tldts';
import * as z from 'zod';
import type { Act, DetectionEvent } from '../detection-event.ts';
import { type Detection, defineDetector } from '../detector.ts';
import { isEncodedLabel } from '../encoded-label.ts';
import { dnsExfiltrationExamples } from '../examples/dns-exfiltration.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';
import { type UniqueTotals, UniqueWindow, UniqueWindowState } from '../unique-window.ts';

const Config = z.strictObject({
  shortWindowMs: z.int().min(1000).default(60_000),
  longWindowMs: z.int().min(1000).default(3_600_000),
  /** Fewest distinct subdomains in either window. */
  uniqueMin: z.int().min(1).default(4),
  uniqueLongMin: z.int().min(1).default(12),
  /** Fewest bytes in distinct subdomains. */
  bytesMin: z.int().min(1).default(120),
  bytesLongMin: z.int().min(1).default(400),
  /** Least of (bytes for each distinct subdomain) × ln(1 + distinct subdomains). */
  scoreMin: z.number().min(0).default(60),
  /** The same where most labels look encoded. */
  scoreEncodedMin: z.number().min(0).default(35),
  /** Most domains remembered for each sandbox; the one with the fewest bytes gives way. */
  domainsMax: z.int().min(1).default(256),
  uniqueMax: z.int().min(16).default(4096),
  repeatMs: z.int().min(0).default(600_000),
});
type Config = z.infer<typeof Config>;

const evidenceMax = 15;

const State = z.array(
  z.strictObject({
    domain: z.string(),
    short: UniqueWindowState,
    long: UniqueWindowState,
    answered: z.int(),
    tunnelTypes: z.int(),
    evidence: z.array(EvidenceSchema),
    omitted: z.int(),
  }),
);

interface Domain {
  readonly short: UniqueWindow;
  readonly long: UniqueWindow;
  answered: number;
  /** Queries for types in which tunnels carry answers (NULL, TXT, …). */
  tunnelTypes: number;
  evidence: Evidence[];
  omitted: number;
}

/** Exfiltration over DNS (T1048.003) and DNS as a channel (T1071.004): iodine, dns2tcp and plain scripts. */
export const dnsExfiltration = defineDetector({
  name: 'dns-exfiltration',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1048.003' },
    { framework: 'attack', id: 'T1071.004' },
  ],
  kinds: ['network.dns', 'network.denied'],
  scope: 'stateful',
  config: Config,
  start,
  examples: dnsExfiltrationExamples,
});

function start(config: Config) {
  const domains = new Map<string, Domain>();
  return {
    step(event: DetectionEvent, _sandbox: SandboxView, emit: (detection: Detection) => void) {
      const query = readQuery(event.act);
      if (query === undefined) return;
      const domain =
        domains.get(query.domain) ?? addDomain(domains, { name: query.domain, config });
      const encoded = query.subdomain.split('.').some(isEncodedLabel);
      const { timeNs } = event;
      const short = domain.short.add(query.subdomain, { timeNs, encoded });
      const long = domain.long.add(query.subdomain, { timeNs, encoded });
      domain.answered += query.answered ? 1 : 0;
      domain.tunnelTypes += query.tunnelType ? 1 : 0;
      const shortHit = exceeds(short, { ...config, tunnel: domain.tunnelTypes > 0 });
      const slow = { ...config, uniqueMin: config.uniqueLongMin, bytesMin: config.bytesLongMin };
      const longHit = exceeds(long, { ...slow, tunnel: domain.tunnelTypes > 0 });
      if (shortHit || longHit) {
        const totals = shortHit ? short : long;
        const windowMs = shortHit ? config.shortWindowMs : config.longWindowMs;
        emit({
          ...describe(query.domain, { domain, totals, windowMs }),
          windowMs: config.repeatMs,
        });
      }
      domain.evidence.push(event.evidence());
      if (domain.evidence.length > evidenceMax) {
        domain.evidence = domain.evidence.slice(-evidenceMax);
        domain.omitted += 1;
      }
    },
    snapshot: () =>
      z.encode(
        State,
        [...domains].map(([name, domain]) => keep(name, domain)),
      ),
    restore(state: unknown) {
      domains.clear();
      for (const kept of State.parse(state)) {
        const domain = addDomain(domains, { name: kept.domain, config });
        domain.short.restore(kept.short);
        domain.long.restore(kept.long);
        Object.assign(domain, {
          answered: kept.answered,
          tunnelTypes: kept.tunnelTypes,
          evidence: kept.evidence,
          omitted: kept.omitted,
        });
      }
    },
  };
}

interface Query {
  readonly domain: string;
  readonly subdomain: string;
  readonly answered: boolean;
  readonly tunnelType: boolean;
}

const tunnelTypes = new Set(['NULL', 'TXT', 'PRIVATE', 'CNAME', 'MX', 'SRV', 'KEY', 'TYPE65399']);

/** The parts of a query under a registered domain; reverse look-ups and bare domains carry nothing. */
function readQuery(act: Act): Query | undefined {
  const asked = askedName(act);
  if (asked === undefined || asked.name.endsWith('.arpa')) return undefined;
  const domain = getDomain(asked.name, { allowPrivateDomains: true, validateHostname: false });
  const registered = domain ?? asked.name.split('.').slice(-2).join('.');
  const subdomain = asked.name.slice(0, -registered.length - 1);
  if (subdomain === '') return undefined;
  return { domain: registered, subdomain, answered: asked.answered, tunnelType: asked.tunnelType };
}

function askedName(act: Act) {
  if (act.kind === 'network.dns') {
    const answered = act.verdict === 'answered';
    return { name: act.name, answered, tunnelType: tunnelTypes.has(act.type) };
  }
  if (act.kind !== 'network.denied' || act.protocol !== 'dns') return undefined;
  const name = (act.host ?? act.destination).toLowerCase().replace(/\.$/, '');
  return { name, answered: false, tunnelType: act.reason === 'record_type' };
}

/** Makes room by forgetting the domain with the fewest bytes, so that a flood cannot hide a tunnel. */
function addDomain(
  domains: Map<string, Domain>,
  { name, config }: { readonly name: string; readonly config: Config },
): Domain {
  if (domains.size >= config.domainsMax) {
    let [leastName, leastBytes] = ['', Number.POSITIVE_INFINITY];
    for (const [each, { long }] of domains) {
      const { bytes } = long.totals();
      if (bytes < leastBytes) [leastName, leastBytes] = [each, bytes];
    }
    domains.delete(leastName);
  }
  const window = (ms: number) =>
    new UniqueWindow({ windowNs: BigInt(ms) * 1_000_000n, uniqueMax: config.uniqueMax });
  const domain: Domain = {
    short: window(config.shortWindowMs),
    long: window(config.longWindowMs),
    answered: 0,
    tunnelTypes: 0,
    evidence: [],
    omitted: 0,
  };
  domains.set(name, domain);
  return domain;
}

interface Thresholds
  extends Pick<Config, 'uniqueMin' | 'bytesMin' | 'scoreMin' | 'scoreEncodedMin'> {
  readonly tunnel: boolean;
}

function exceeds(totals: UniqueTotals, least: Thresholds): boolean {
  if (totals.unique < least.uniqueMin || totals.bytes < least.bytesMin) return false;
  const mostlyEncoded = totals.encoded * 2 >= totals.unique;
  return (
    scoreOf(totals) >= (mostlyEncoded || least.tunnel ? least.scoreEncodedMin : least.scoreMin)
  );
}

function scoreOf({ unique, bytes }: UniqueTotals): number {
  return (bytes / unique) * Math.log(1 + unique);
}

function describe(
  name: string,
  found: { readonly domain: Domain; readonly totals: UniqueTotals; readonly windowMs: number },
): Omit<Detection, 'windowMs'> {
  const { domain, totals, windowMs } = found;
  const { unique, bytes, encoded } = totals;
  const score = scoreOf(totals).toFixed(0);
  const answered = domain.answered === 0 ? 'none was answered' : `${domain.answered} were answered`;
  return {
    title: 'Data in DNS names',
    explanation: `${unique} distinct names under ${quote(name)} within ${windowMs / 1000} s carried ${bytes} bytes, ${encoded} of them encoded (score ${score}); ${answered}.`,
    severity: 'high',
    confidence: encoded * 2 >= unique ? 'high' : 'medium',
    recommend: { act: 'approve', level: domain.answered === 0 ? 'L1' : 'L2' },
    dedupeKey: name,
    earlier: domain.evidence,
    earlierOmitted: domain.omitted,
  };
}

function keep(name: string, domain: Domain): z.infer<typeof State>[number] {
  const { short, long, ...rest } = domain;
  return { domain: name, short: short.snapshot(), long: long.snapshot(), ...rest };
}
