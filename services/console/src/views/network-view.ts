// Where a sandbox talked to: every destination with what decided about it, and the names it asked for.
import { type CompiledEgress, compileEgress, decideEgress } from '@sandtrail/policy/egress';
import { Policy } from '@sandtrail/schemas/policy';
import * as z from 'zod';
import type { Destination, DnsDomain, NetworkView, Reach } from '../contract/network.ts';
import type { SandboxPath } from '../contract/scalars.ts';
import type { EventReading } from '../events/event-page.ts';

const shownMax = 2000;
const own = 'sandbox = {s:String} AND incarnation = {i:UInt32}';

const numbers = {
  connections: z.coerce.number(),
  bytesOut: z.coerce.number(),
  bytesIn: z.coerce.number(),
};
const Talk = z.object({
  ...numbers,
  how: z.enum(['proxied', 'denied', 'direct']),
  host: z.string(),
  port: z.coerce.number(),
  reasons: z.array(z.string()),
  addresses: z.array(z.string()),
  firstAt: z.string(),
  lastAt: z.string(),
  c: z.string(),
  p: z.string(),
});
type Talk = z.output<typeof Talk>;
const Name = z.object({
  domain: z.string(),
  queries: z.coerce.number(),
  names: z.coerce.number(),
  /** Verdicts, and beside each how often. */
  verdicts: z.tuple([z.array(z.string()), z.array(z.coerce.number())]),
  longest: z.coerce.number(),
  firstAt: z.string(),
  lastAt: z.string(),
});
const PolicyRow = z.object({
  policy: z.string(),
  template: z.string(),
  createdAt: z.string(),
  network: z.coerce.number(),
});
const Earlier = z.object({ hosts: z.array(z.string()), sandboxes: z.coerce.number() });

const talkSql = `
SELECT how, host, port, if(how = 'proxied',
    greatest(countIf(kind = 'network.http'), countIf(kind = 'network.flow')), sum(1 + repeats)) AS connections, sum(out) AS bytesOut, sum(in) AS bytesIn,
  groupUniqArrayIf(16)(reason, reason != '') AS reasons,
  groupUniqArrayIf(32)(address, address != '') AS addresses,
  toString(toUnixTimestamp64Nano(min(at))) AS firstAt,
  toString(toUnixTimestamp64Nano(max(at))) AS lastAt,
  argMax(c, at) AS c, argMax(p, at) AS p
FROM (
  SELECT kind, multiIf(kind = 'network.denied', 'denied', kind = 'network.connect', 'direct', 'proxied') AS how,
    multiIf(kind = 'network.connect', JSONExtractString(body, 'address'),
      JSONExtractString(body, 'host') != '', JSONExtractString(body, 'host'),
      JSONExtractString(body, 'destination')) AS host,
    JSONExtractUInt(body, 'port') AS port, JSONExtractUInt(body, 'bytesOut') AS out,
    JSONExtractUInt(body, 'bytesIn') AS in, JSONExtractUInt(body, 'repeats') AS repeats,
    JSONExtractString(body, 'reason') AS reason, JSONExtractString(body, 'address') AS address,
    time AS at, lower(hex(chain)) AS c, toString(pos) AS p
  FROM sealed WHERE ${own} AND (kind IN ('network.denied', 'network.flow', 'network.http')
    OR (kind = 'network.connect' AND JSONExtractUInt(body, 'errno') IN (0, 115)
      AND JSONExtractString(body, 'family') IN ('inet', 'inet6')))
  LIMIT 1 BY chain, pos)
GROUP BY how, host, port ORDER BY max(at) DESC LIMIT 20000`;

/** The last two labels: good enough to group by, and it claims no more than that. */
const dnsSql = `
SELECT arrayStringConcat(arraySlice(splitByChar('.', asked), -2), '.') AS domain,
  sum(1 + repeats) AS queries, uniqExact(asked) AS names,
  sumMap([verdict], [toUInt64(1 + repeats)]) AS verdicts, max(length(asked)) AS longest,
  toString(toUnixTimestamp64Nano(min(at))) AS firstAt,
  toString(toUnixTimestamp64Nano(max(at))) AS lastAt
FROM (
  SELECT JSONExtractString(body, 'name') AS asked, JSONExtractString(body, 'verdict') AS verdict,
    JSONExtractUInt(body, 'repeats') AS repeats, time AS at
  FROM sealed WHERE ${own} AND kind = 'network.dns' LIMIT 1 BY chain, pos)
GROUP BY domain ORDER BY queries DESC LIMIT 20000`;

/** Everything about one sandbox's network; `undefined` when there is no such sandbox. */
export async function networkView(
  { uid, incarnation }: z.output<typeof SandboxPath>,
  { queries, signal }: EventReading,
): Promise<z.input<typeof NetworkView> | undefined> {
  const params = { s: uid, i: incarnation };
  const about = await queries.row({
    sql: `
SELECT anyIf(JSONExtractRaw(body, 'policy'), kind = 'sandbox.created') AS policy,
  anyIf(JSONExtractString(body, 'template'), kind = 'sandbox.created') AS template,
  toString(toUnixTimestamp64Nano(minIf(time, kind = 'sandbox.created'))) AS createdAt,
  countIf(startsWith(kind, 'network.') OR (kind = 'collector.started'
    AND match(stream, '^(?:egress|dns|ebpf|strace):'))) AS network
FROM sealed WHERE ${own} AND (kind IN ('sandbox.created', 'collector.started')
  OR startsWith(kind, 'network.')) LIMIT 1`,
    params,
    row: PolicyRow,
    signal,
  });
  if (about === undefined || about.policy === '') return undefined;
  const policy = Policy.parse(JSON.parse(about.policy));
  const [talks, names, earlier] = await Promise.all([
    queries.rows({ sql: talkSql, params, row: Talk, signal }),
    queries.rows({ sql: dnsSql, params, row: Name, signal }),
    earlierHosts(about, { queries, signal }),
  ]);
  const destinations = destinationsOf(talks, {
    egress: compileEgress(policy.network),
    policy,
    earlier,
  });
  const isClosed = policy.network.mode === 'none';
  return {
    watch: about.network > 0 ? 'watched' : isClosed ? 'none' : 'unwatched',
    destinations: destinations.slice(0, shownMax),
    destinationsTotal: destinations.length,
    domains: names.slice(0, shownMax).map(domainOf),
    domainsTotal: names.length,
    reach: {
      allowed: tallied(destinations, 'allowed'),
      denied: tallied(destinations, 'denied'),
      undeclared: tallied(destinations, 'undeclared'),
    },
    bytesOut: talks.reduce((sum, talk) => sum + talk.bytesOut, 0),
    bytesIn: talks.reduce((sum, talk) => sum + talk.bytesIn, 0),
  };
}

type DestinationView = z.input<typeof Destination>;

interface Judging {
  readonly egress: CompiledEgress;
  readonly policy: Policy;
  /** Hosts that earlier sandboxes of the template asked for; undefined when there was none. */
  readonly earlier: ReadonlySet<string> | undefined;
}

/** Where sandboxes of the same template went, or wanted to go, before this one was made. */
async function earlierHosts(
  { template, createdAt }: z.output<typeof PolicyRow>,
  { queries, signal }: EventReading,
): Promise<ReadonlySet<string> | undefined> {
  if (template === '') return undefined;
  const created = `SELECT sandbox FROM sealed WHERE kind = 'sandbox.created'
    AND JSONExtractString(body, 'template') = {t:String}
    AND time < fromUnixTimestamp64Nano({before:Int64}, 'UTC')`;
  const found = await queries.row({
    sql: `
SELECT groupUniqArray(20000)(JSONExtractString(body, 'host')) AS hosts,
  (SELECT uniqExact(sandbox) FROM (${created})) AS sandboxes
FROM sealed WHERE kind IN ('network.flow', 'network.http', 'network.denied')
  AND sandbox IN (${created}) LIMIT 1`,
    params: { t: template, before: createdAt },
    row: Earlier,
    signal,
  });
  return found === undefined || found.sandboxes === 0 ? undefined : new Set(found.hosts);
}

/** A program's own connection to the proxy or the resolver is how it talks, not where to. */
function destinationsOf(
  talks: readonly Talk[],
  { egress, policy, earlier }: Judging,
): DestinationView[] {
  const outward = talks.filter(({ how, host }) => how !== 'direct' || !isOwnMachine(host));
  return outward.map((talk) => {
    const { how, host, port, connections, bytesOut, bytesIn, addresses } = talk;
    const isDeclared = decideEgress(egress, { host, port }).allow;
    const reach: Reach = how === 'denied' ? 'denied' : isDeclared ? 'allowed' : 'undeclared';
    const reasons = talk.reasons.map((reason): [string, number] => [reason, connections]);
    return {
      ...{ host, connections, bytesOut, bytesIn, addresses, reach },
      port: port === 0 ? null : port,
      rule: reach === 'allowed' ? ruleOf(host, port, policy) : null,
      denials: how === 'denied' ? Object.fromEntries(reasons) : {},
      firstAtNs: talk.firstAt,
      lastAtNs: talk.lastAt,
      isNewForTemplate: earlier === undefined ? null : !earlier.has(host),
      last: { chain: talk.c, pos: talk.p },
    };
  });
}

function isOwnMachine(host: string): boolean {
  return /^127\.|^::1$|^::ffff:127\./.test(host);
}

/** The entry of the allowlist that is meant; the proxy decided by the same list. */
function ruleOf(host: string, port: number, { network }: Policy): string | null {
  const name = host.toLowerCase();
  const matches = (entry: string) => {
    const [, star, target = '', wanted] = /^(\*\.)?(.*):(\d{1,5})$/.exec(entry.toLowerCase()) ?? [];
    if (Number(wanted) !== port) return false;
    return star === undefined ? name === target : name.endsWith(`.${target}`);
  };
  return network.egress_allowlist.find(matches) ?? null;
}

function domainOf(row: z.output<typeof Name>): z.input<typeof DnsDomain> {
  const { domain, queries, names, verdicts, longest, firstAt, lastAt } = row;
  const [given, counts] = verdicts;
  const byVerdict = given.map((verdict, at): [string, number] => [verdict, counts[at] ?? 0]);
  return {
    ...{ domain, queries, names },
    byVerdict: Object.fromEntries(byVerdict),
    longestNameChars: longest,
    firstAtNs: firstAt,
    lastAtNs: lastAt,
  };
}

function tallied(destinations: readonly DestinationView[], reach: Reach) {
  const own = destinations.filter((each) => each.reach === reach);
  const connections = own.reduce((sum, each) => sum + each.connections, 0);
  return { destinations: own.length, connections };
}
