// The forward proxy of one sandbox: its only way out, where each destination is decided and recorded.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { CompiledEgress } from '@sandtrail/policy/egress';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Lookup } from './destination.ts';
import type { EgressCore } from './egress-core.ts';
import { EgressLimits } from './egress-limits.ts';
import { EgressRecord, type Observe } from './egress-record.ts';
import { FlowTable } from './flow.ts';
import { createProxyServer } from './proxy-server.ts';

const httpsPort = 443;

/** A listening socket made elsewhere (in the sandbox's network namespace), or a host and port. */
export type Listen = { readonly fd: number } | { readonly host: string; readonly port: number };

/** What one proxy is made of; bounds that are not given have the defaults of `EgressLimits`. */
export interface EgressProxyOptions {
  readonly listen: Listen;
  readonly policy: CompiledEgress;
  readonly lookup: Lookup;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits?: Partial<EgressLimits>;
  /** Ports where a tunnel may hold nothing but TLS; 443 unless told. */
  readonly tlsOnlyPorts?: readonly number[];
}

/** A running proxy. */
export interface EgressProxy {
  /** The TCP port that it listens on. */
  readonly port: number;
  /** Cuts every live flow at once and refuses whatever comes; returns how many flows were cut. */
  denyAll(): number;
  /** Decides by policy again. */
  allowAll(): void;
  /** Flows under way: tunnels, upgraded connections, requests, those still being opened. */
  openFlows(): number;
  /** Ends everything; resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Starts a proxy. Connections come in through `listen`, go out from this process's own namespace.
 *
 * @example
 * const listen = { fd };
 * const proxy = await startEgressProxy({ listen, policy, lookup, observe, clock, counters });
 */
export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  let contained = false;
  const core = createCore(options, () => contained);
  const clients = new Set<Socket>();
  const server = createProxyServer(core, clients);
  server.listen('fd' in options.listen ? { fd: options.listen.fd } : options.listen);
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    denyAll() {
      contained = true;
      const cut = core.flows.cutAll('contained');
      core.counters.add('egress.cut_flows', cut);
      return cut;
    },
    allowAll() {
      contained = false;
    },
    openFlows: () => core.flows.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      core.flows.close();
      for (const client of clients) client.destroy();
      await closed;
      core.record.flush();
    },
  };
}

function createCore(options: EgressProxyOptions, contained: () => boolean): EgressCore {
  const { policy, lookup, clock, counters, observe } = options;
  const limits = EgressLimits.parse(options.limits ?? {});
  const { denialsPerSecondMax } = limits;
  const record = new EgressRecord({ clock, counters, observe, denialsPerSecondMax });
  const flows = new FlowTable({ clock, limits });
  const tlsOnlyPorts = new Set(options.tlsOnlyPorts ?? [httpsPort]);
  return { policy, lookup, limits, tlsOnlyPorts, clock, counters, record, flows, contained };
}

function portOf(address: AddressInfo | string | null): number {
  assert(typeof address === 'object' && address !== null, 'the proxy listens on TCP');
  return address.port;
}
