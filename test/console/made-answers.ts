// Answers of the contract around made events: what the volume tests' server says on each route.
import type { Alert, AlertDetail, AlertPage } from '@sandtrail/console/contract/alerts';
import type { ContainmentView } from '@sandtrail/console/contract/containment';
import type { EventDetail } from '@sandtrail/console/contract/event-detail';
import type { EventRow } from '@sandtrail/console/contract/event-row';
import type { IntegrityView } from '@sandtrail/console/contract/integrity';
import { type FleetView, type PipelineView, StageName } from '@sandtrail/console/contract/pipeline';
import { rightsOf } from '@sandtrail/console/contract/rights';
import type { SandboxDetail, SandboxSummary } from '@sandtrail/console/contract/sandboxes';
import type { Session } from '@sandtrail/console/contract/session';
import { Policy } from '@sandtrail/schemas/policy';
import { chains, nsOf, startMs, uid } from './made-events.ts';

export const session: Session = {
  id: '0123456789abcdef',
  actor: 'anna',
  role: 'admin',
  rights: [...rightsOf('admin')],
  tenant: 'acme',
  node: 'node-1',
  signedInAtNs: nsOf(startMs),
  expiresAtNs: nsOf(startMs + 8.64e7),
  idleMsMax: 1_800_000,
};

const result = {
  v: 1,
  requestId: 'c3'.repeat(32),
  sandbox: uid,
  incarnation: 0,
  level: 'L2',
  state: 'verified',
  driver: 'cgroup',
  check: 'at_once',
  proof: {
    visited: 14,
    frozen: 14,
    alive: 14,
    escaped: 0,
    truncated: false,
    cpuDeltaUs: 0,
    openFlows: 0,
  },
  evidenceLost: ['established connections'],
  latencyUs: 7034,
};

export function summaryOf(events: number, name: string) {
  return {
    ...{ uid, incarnation: 0, name, template: 'py-node-22', node: 'node-1' },
    ...{ isolation: 'gvisor', isolationDeclared: 'gvisor', state: 'frozen', endedAs: null },
    ...{ createdAtNs: nsOf(startMs), startedAtNs: nsOf(startMs), endedAtNs: null },
    ...{
      lastEventAtNs: nsOf(startMs + 60_000),
      events,
      findings: { critical: 1, high: 1, medium: 1 },
    },
    ...{ level: 'L2', holds: true, waiting: 1, lost: '28', lostUnknown: 0 },
  } satisfies Record<keyof SandboxSummary, unknown>;
}

export function detailOf(events: number, name: string) {
  const free = { requestId: null, requestedBy: null, approvedBy: null, reason: null, atNs: null };
  const ladder = ['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6'].map((level) => ({
    ...{ level, state: 'free', results: [], ...free },
    ...(level === 'L2' ? { state: 'proven', atNs: nsOf(startMs + 59_000), results: [result] } : {}),
  }));
  return {
    ...summaryOf(events, name),
    policy: Policy.parse({
      isolation: 'gvisor',
      network: { mode: 'restricted' },
      filesystem: { workspace: '/work' },
      resources: { cpu_limit: '2', memory_limit: '1Gi', timeout_seconds: 3600 },
    }),
    ...{ policyDigest: '3f'.repeat(32), unenforced: [], workspace: '/work', argv: ['bash'] },
    ...{ ladder, byFamily: {}, byKind: {}, bytesOut: { beforeDenial: 15_000, total: 18_000 } },
    ...{ collectors: [], created: { chain: chains.events, pos: '0' } },
  } satisfies Record<keyof SandboxDetail, unknown>;
}

export function alertOf(row: EventRow, explanation: string) {
  const { finding } = row;
  return {
    ...{ id: finding?.id ?? '', detector: finding?.detector ?? '', title: finding?.title ?? '' },
    ...{ explanation, severity: finding?.severity ?? 'low', confidence: 'high' },
    ...{ techniques: [{ framework: 'attack', id: 'T1611' }], witnessed: true },
    ...{ recommend: { act: 'contain', level: 'L2' }, timeNs: row.timeNs, sandbox: row.sandbox },
    ...{ incarnation: 0, sandboxName: 'payments-fixer', template: 'py-node-22' },
    ...{ at: { chain: row.chain, pos: row.pos }, state: 'open', owner: null, verdict: null },
    ...{ lastStep: null, containment: null, evidence: 1 },
  } satisfies Record<keyof Alert, unknown>;
}

export function alertDetailOf(alert: ReturnType<typeof alertOf>, rests: EventRow | undefined) {
  const evidence = { stream: rests?.stream ?? '', seq: rests?.seq ?? '0', trust: 'kernel' };
  return {
    ...alert,
    steps: [],
    evidenceRows: [{ ...evidence, row: rests ?? null, matches: rests !== undefined }],
    evidenceOmitted: 0,
  } satisfies Record<keyof AlertDetail, unknown>;
}

export function alertPageOf(alerts: readonly ReturnType<typeof alertOf>[]) {
  return {
    ...{
      alerts,
      total: alerts.length,
      byState: { open: alerts.length, acknowledged: 0, closed: 0 },
    },
    ...{
      bySeverity: Object.fromEntries(alerts.map(({ severity }) => [severity, 1])),
      byDetector: {},
    },
    ...{ beyondBound: 0, lastAtNs: nsOf(startMs), after: null, askedAtNs: nsOf(startMs) },
  } satisfies Record<keyof AlertPage, unknown>;
}

export function eventDetailOf(row: EventRow, origin: readonly EventRow[]) {
  const place = { chain: row.chain, pos: row.pos };
  return {
    row,
    header: JSON.stringify({ tenant: row.tenant, sandbox: row.sandbox }),
    body: JSON.stringify({ kind: row.kind, text: row.summary }),
    seal: {
      ...{ ...place, partition: 0, offset: row.pos, appendedAtNs: row.timeNs },
      ...{ leaf: '1f'.repeat(32), link: '2e'.repeat(32) },
      checkpoint: { size: '90000', note: 'sandtrail/acme\n90000\n…\n', signedIn: place },
    },
    collector: { name: 'ebpf', node: 'node-1', epoch: 1, mode: 'bpftrace 0.17', blindSpots: [] },
    origin: origin.map((each) => ({ why: 'did', row: each })),
    originOmitted: false,
    evidence: [],
  } satisfies Record<keyof EventDetail, unknown>;
}

const request = {
  ...{ requestId: 'c3'.repeat(32), act: 'contain', sandbox: uid, incarnation: 0 },
  ...{ sandboxName: 'payments-fixer', level: 'L2', approvedBy: null },
  ...{ requestedAtNs: nsOf(startMs + 59_000), expiresAtNs: nsOf(startMs + 900_000) },
};

export const containment = {
  standings: [
    {
      ...{ sandbox: uid, incarnation: 0, sandboxName: 'payments-fixer', level: 'L2', holds: true },
      ...{ ended: false, requesters: ['escape-primitive'] },
    },
  ],
  waiting: [
    {
      ...{ ...request, requestId: 'd4'.repeat(32), level: 'L5', state: 'waiting', results: [] },
      ...{
        requester: { type: 'detector', name: 'egress-policy' },
        reason: 'Data leaves in DNS labels',
      },
    },
  ],
  recent: [
    {
      ...{ ...request, state: 'verified', results: [result] },
      ...{ requester: { type: 'detector', name: 'escape-primitive' }, reason: 'Docker socket' },
    },
  ],
  recentMax: 200,
  askedAtNs: nsOf(startMs),
} satisfies Record<keyof ContainmentView, unknown>;

export const integrity = {
  chains: [
    {
      ...{ chain: chains.events, log: '0123456789ab', topic: 'events', partition: 0 },
      ...{ head: { pos: '88130', link: '2e'.repeat(32) }, behind: '12', isStopped: false },
      checkpoint: {
        ...{ size: '88064', note: 'sandtrail/acme\n88064\n…\n', signedAtNs: nsOf(startMs) },
        at: { chain: chains.events, pos: '88065' },
      },
      ...{ lastFull: null, last: null },
    },
  ],
  gaps: [
    {
      ...{
        at: { chain: chains.events, pos: '9' },
        atNs: nsOf(startMs),
        sandbox: uid,
        incarnation: 0,
      },
      ...{ stream: 'node-1/egress/4', source: 'egress', count: '28', firstNs: nsOf(startMs) },
      ...{ lastNs: nsOf(startMs + 900), reason: 'ring_full' },
    },
  ],
  gapsTotal: 1,
  headFile: '/var/lib/sandtrail-heads/heads.json',
  verifyCommand: 'npx sandtrail verify --head /var/lib/sandtrail-heads/heads.json',
  askedAtNs: nsOf(startMs),
} satisfies Record<keyof IntegrityView, unknown>;

const stage = {
  ...{ state: 'working', sinceNs: nsOf(startMs), received: 120, passed: 110, perSecond: 41.5 },
  ...{ dropped: [{ reason: 'duplicate', count: 10 }], lagRecords: null, lagMs: null },
};

export const pipeline = {
  ...{ node: 'node-1', startedAtNs: nsOf(startMs), askedAtNs: nsOf(startMs) },
  stages: StageName.options.map((name) => ({ name, ...stage })),
  counters: [{ name: 'gateway.received', value: 120 }],
} satisfies Record<keyof PipelineView, unknown>;

export const fleet = {
  collectors: [
    {
      ...{ collector: 'ebpf', node: 'node-1', epoch: 1, mode: 'bpftrace 0.17', state: 'live' },
      ...{ blindSpots: ['io_uring file operations'], startedAtNs: nsOf(startMs) },
      ...{ lastHeartbeatAtNs: nsOf(startMs), streamsOpen: 1, streams: 3, seen: '4582' },
      ...{ dropped: '0', lost: '28', lostUnknown: 0 },
    },
  ],
  collectorsTotal: 1,
  coverage: [
    {
      ...{ template: 'py-node-22', isolation: 'gvisor', sandboxes: 3 },
      cells: [
        { family: 'process', by: 'kernel', collectors: ['ebpf'] },
        { family: 'network', by: null, collectors: [] },
      ],
    },
  ],
  ...{ windowMs: 86_400_000, askedAtNs: nsOf(startMs) },
} satisfies Record<keyof FleetView, unknown>;
