// An example: a few events that a detector must find or must pass over.
import { policyDigest } from '@sandtrail/policy/policy-digest';
import { Body } from '@sandtrail/schemas/events';
import { Header } from '@sandtrail/schemas/header';
import type { BodyWire } from '@sandtrail/schemas/observation';
import { Policy } from '@sandtrail/schemas/policy';
import type { Trust } from '@sandtrail/schemas/scalars';
import type * as z from 'zod';
import type { EngineEvent } from './engine-event.ts';

type Given<T> = T extends unknown ? Omit<T, 'v' | 'stream' | 'seq' | 'observedAtNs'> : never;

/** One event of an example: the body without what every body has, which is filled in. */
export interface ExampleEvent {
  /** Seconds after the sandbox's first program started; 0 unless told. */
  readonly at?: number;
  readonly trust?: Trust;
  /** Collector and epoch of the stream, such as `ebpf:3`; `ebpf:1` unless told. */
  readonly from?: string;
  /** Its number in the stream; the next one unless told. */
  readonly seq?: number;
  readonly body: Given<BodyWire>;
}

/** Events about one sandbox, after its creation and start unless `bare`. */
export interface Example {
  readonly what: string;
  readonly bare?: boolean;
  readonly policy?: z.input<typeof Policy>;
  readonly events: readonly ExampleEvent[];
}

const startSeconds = 1_800_000_000;
const exampleSandbox = 'example-sandbox';

/** The policy of examples that bring none: a workspace, one allowed host, nothing mounted. */
export const examplePolicy: z.input<typeof Policy> = {
  isolation: 'bubblewrap',
  network: { mode: 'restricted', egress_allowlist: ['github.com:443', '*.pypi.org:443'] },
  filesystem: { workspace: '/tmp/agent' },
  resources: { cpu_limit: '2', memory_limit: '4Gi', timeout_seconds: 300 },
};

/** The process of examples, with the given pid. */
export function exampleProcess(pid: number, comm = 'agent') {
  return { pid, startNs: `${pid}000000000`, comm };
}

/** The example's events as records about one sandbox, as the log would carry them. */
export function exampleRecords(
  { bare = false, policy = examplePolicy, events }: Example,
  sandbox: string = exampleSandbox,
): readonly EngineEvent[] {
  const parsed = Policy.parse(policy);
  const digest = policyDigest(parsed);
  const creation: Given<BodyWire> = {
    kind: 'sandbox.created',
    name: 'example',
    node: 'node-1',
    isolation: parsed.isolation,
    policy: parsed,
    policyDigest: digest,
  };
  const opening: readonly ExampleEvent[] = [
    { at: -1, from: 'runner:1', trust: 'host', body: creation },
    {
      at: 0,
      from: 'runner:1',
      trust: 'host',
      body: { kind: 'sandbox.started', pid: 2, argv: ['agent'] },
    },
  ];
  const next = new Map<string, number>();
  return [...(bare ? [] : opening), ...events].map((event) => {
    const from = event.from ?? 'ebpf:1';
    const seq = event.seq ?? next.get(from) ?? 0;
    next.set(from, seq + 1);
    return exampleRecord(event, { from, seq, sandbox });
  });
}

function exampleRecord(
  { at = 0, trust = 'kernel', body }: ExampleEvent,
  { from, seq, sandbox }: { readonly from: string; readonly seq: number; readonly sandbox: string },
) {
  const timeNs = `${Math.round((startSeconds + at) * 1000)}000000`;
  const [collector = 'ebpf', epoch = '1'] = from.split(':');
  const { kind, ...fields } = body;
  const stream = `${collector}:node-1:${epoch}:${sandbox}:0`;
  const whole = { v: 1, stream, seq: `${seq}`, observedAtNs: timeNs, kind, ...fields };
  const header = Header.parse({
    tenant: 'example',
    sandbox,
    incarnation: 0,
    trust,
    credential: 'host:node-1',
    receivedAtNs: timeNs,
    timeNs,
    admission: 'live',
  });
  return { header, body: Body.parse(whole), bodyText: JSON.stringify(whole) };
}
