// What the parts of one sandbox's proxy share: policy, limits, record, flows, and the one admission.
import type { CompiledEgress } from '@sandtrail/policy/egress';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import {
  type AllowedDestination,
  judgeAuthority,
  type Lookup,
  resolveName,
} from './destination.ts';
import { type Dialled, dial } from './dial.ts';
import type { EgressLimits } from './egress-limits.ts';
import type { Denial, EgressRecord } from './egress-record.ts';
import type { Flow, FlowEnd, FlowTable } from './flow.ts';

/** The state of one sandbox's proxy. */
export interface EgressCore {
  readonly policy: CompiledEgress;
  readonly lookup: Lookup;
  readonly limits: EgressLimits;
  /** Ports where a tunnel may hold nothing but TLS to the named destination. */
  readonly tlsOnlyPorts: ReadonlySet<number>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly record: EgressRecord;
  readonly flows: FlowTable;
  /** True while everything is refused with the reason `contained`. */
  readonly contained: () => boolean;
}

/** What a client asked for, as far as it was read. */
export type Asked = Pick<Denial, 'protocol' | 'destination' | 'method' | 'path'>;

/** Makes a denial of what was asked and records it. */
export function deny(core: EgressCore, denial: Denial): Denial {
  core.record.denied(denial);
  return denial;
}

interface AdmitOptions {
  readonly asked: Asked;
  readonly authority: string;
  readonly portDefault?: number;
}

/** The decision, before anything is resolved: the destination, or the recorded denial. */
export function admit(core: EgressCore, options: AdmitOptions): AllowedDestination | Denial {
  const { asked } = options;
  if (core.contained()) return deny(core, { ...asked, reason: 'contained' });
  const judged = judgeAuthority({ policy: core.policy, ...options });
  if (!('refused' in judged)) return judged;
  const host = judged.host === undefined ? {} : { host: judged.host };
  return deny(core, { ...asked, ...host, reason: judged.refused });
}

interface ReachOptions {
  readonly asked: Asked;
  readonly destination: AllowedDestination;
  readonly flow: Flow;
}

/** Resolves, judges the answer and connects; or the recorded denial. */
export async function reach(core: EgressCore, options: ReachOptions): Promise<Dialled | Denial> {
  const { asked, destination, flow } = options;
  const { host, port } = destination;
  const refuse = (reason: Denial['reason']): Denial => {
    if (flow.ended === 'contained')
      return deny(core, { ...asked, host, port, reason: 'contained' });
    // The client gave up meanwhile: that is nobody's denial.
    const givenUp = flow.ended !== undefined;
    return givenUp
      ? { ...asked, host, port, reason }
      : deny(core, { ...asked, host, port, reason });
  };
  const { policy, lookup } = core;
  const addresses =
    destination.address === undefined
      ? await resolveName({ policy, lookup, name: host })
      : [destination.address];
  if ('refused' in addresses) return refuse(addresses.refused);
  const dialled = await dial({ addresses, port, timeoutMs: core.limits.dialMs, flow });
  return dialled ?? refuse('upstream');
}

interface FlowRecordOptions {
  readonly destination: AllowedDestination;
  readonly dialled: Dialled;
  readonly startedMs: number;
  readonly ended: FlowEnd;
}

/** Records the end of a tunnel or an upgraded connection. */
export function recordFlow(core: EgressCore, options: FlowRecordOptions): void {
  const { destination, dialled, startedMs, ended } = options;
  const { socket, address } = dialled;
  core.record.flow({
    host: destination.host,
    port: destination.port,
    address,
    bytesOut: socket.bytesWritten,
    bytesIn: socket.bytesRead,
    durationMs: elapsedMs(core, startedMs),
    ended,
  });
}

/** Whole milliseconds since `startedMs`. */
export function elapsedMs(core: EgressCore, startedMs: number): number {
  return Math.max(0, Math.round(core.clock.monotonicMs() - startedMs));
}
