// The edge of one sandbox: proxy and resolver in its network namespace, and the switch that shuts both.
import { closeSync } from 'node:fs';
import type { CompiledEgress } from '@sandtrail/policy/egress';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Observation } from '@sandtrail/schemas/observation';
import { startResolver } from '../dns/resolver.ts';
import type { EgressSwitch } from '../driver/driver.ts';
import type { Lookup } from '../egress/destination.ts';
import { startEgressProxy } from '../egress/egress-proxy.ts';
import { borrowSockets } from './lent-sockets.ts';
import { listenInNamespace, type NamespaceAddress } from './namespace-listen.ts';

/** Where the sandbox finds its proxy and its resolver. */
export const proxyPort = 3128;
const dnsPort = 53;
const loopback = '127.0.0.1';

interface EdgeOptions {
  /** A process in the sandbox's network namespace. */
  readonly pid: number;
  /** Root enters by itself; others borrow sockets from a child that may. */
  readonly privileged: boolean;
  readonly policy: CompiledEgress;
  readonly lookup: Lookup;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly egress: (observation: Observation) => void;
  readonly dns: (observation: Observation) => void;
}

/** A sandbox's ways out. */
export interface Edge {
  readonly egress: EgressSwitch;
  /** Ends what is open; again, it does nothing more. */
  close(): Promise<void>;
}

/**
 * Starts both inside.
 * @throws SandtrailError `SANDBOX_NETWORK` when the namespace cannot be entered.
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { pid, privileged, policy, lookup, clock, counters } = options;
  const [fd = -1, udpFd = -1, tcpFd = -1] = privileged
    ? openSockets(pid)
    : await borrowSockets(pid, addresses);
  const shared = { policy, lookup, clock, counters };
  const proxy = await startEgressProxy({ ...shared, listen: { fd }, observe: options.egress });
  const listen = { udpFd, tcpFd };
  const resolver = await startResolver({ ...shared, listen, observe: options.dns });
  let denied = false;
  let closed: Promise<unknown> | undefined;
  const state = () => Promise.resolve({ openFlows: proxy.openFlows(), denied });
  return {
    egress: {
      deny: () => {
        denied = true;
        proxy.denyAll();
        resolver.denyAll();
        return state();
      },
      allow: () => {
        denied = false;
        proxy.allowAll();
        resolver.allowAll();
        return state();
      },
      status: state,
    },
    close: () => {
      closed ??= Promise.all([proxy.close(), resolver.close()]);
      return closed.then(() => undefined);
    },
  };
}

/** A sandbox without network has nothing to shut. */
export function noEdge(): Edge {
  let denied = false;
  const state = () => Promise.resolve({ openFlows: 0, denied });
  const set = (value: boolean) => () => {
    denied = value;
    return state();
  };
  const egress = { deny: set(true), allow: set(false), status: state };
  return { egress, close: () => Promise.resolve() };
}

/** Proxy, resolver over UDP, resolver over TCP. */
const addresses: readonly NamespaceAddress[] = [
  { protocol: 'tcp', address: loopback, port: proxyPort },
  { protocol: 'udp', address: loopback, port: dnsPort },
  { protocol: 'tcp', address: loopback, port: dnsPort },
];

function openSockets(pid: number): readonly number[] {
  const opened: number[] = [];
  try {
    for (const at of addresses) opened.push(listenInNamespace(pid, at));
    return opened;
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}
