// The resolver of one sandbox: UDP and TCP, answering allowed names only and recording every query.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import type { CompiledEgress } from '@sandtrail/policy/egress';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Lookup } from '../egress/destination.ts';
import type { Observe } from '../egress/egress-record.ts';
import { DnsBudget } from './dns-budget.ts';
import { DnsRecord } from './dns-record.ts';
import { QueryJudge } from './query-judge.ts';
import { ResolverLimits } from './resolver-limits.ts';
import { createTcpFront } from './tcp-front.ts';

/** Sockets made elsewhere (in the sandbox's network namespace), or a host and one port for both. */
export type ResolverListen =
  | { readonly udpFd: number; readonly tcpFd: number }
  | { readonly host: string; readonly port: number };

/** What one resolver is made of; bounds that are not given have the defaults of `ResolverLimits`. */
export interface ResolverOptions {
  readonly listen: ResolverListen;
  readonly policy: CompiledEgress;
  /** The same lookup as the proxy's, so that both judge the same answers. */
  readonly lookup: Lookup;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits?: Partial<ResolverLimits>;
}

/** A running resolver. */
export interface Resolver {
  /** The port that it listens on, UDP and TCP. */
  readonly port: number;
  /** Refuses every query from now on; returns how many TCP connections were cut. */
  denyAll(): number;
  allowAll(): void;
  /** Ends everything; resolves when the port is free. */
  close(): Promise<void>;
}

/** Starts a resolver. Nothing that it refuses is ever asked of anybody else. */
export async function startResolver(options: ResolverOptions): Promise<Resolver> {
  const limits = ResolverLimits.parse(options.limits ?? {});
  const { clock, counters, observe, policy, lookup, listen } = options;
  const { observationsPerSecondMax } = limits;
  const record = new DnsRecord({ clock, counters, observe, observationsPerSecondMax });
  const budget = new DnsBudget({ clock, limits });
  let contained = false;
  const judge = new QueryJudge({
    policy,
    lookup,
    budget,
    record,
    limits,
    contained: () => contained,
  });
  const gauge = new QueryGauge({ clock, perSecondMax: limits.queriesPerSecondMax });
  const answer = (query: Buffer) => {
    if (gauge.take()) return judge.answer(query);
    record.dropped();
    return undefined;
  };
  const tcp = createTcpFront({ answer, limits, counters });
  const { udp, port } = await bindBoth(listen, tcp.server);
  serveUdp(udp, { answer, counters });
  return {
    port,
    denyAll() {
      contained = true;
      return tcp.cutAll();
    },
    allowAll() {
      contained = false;
    },
    async close() {
      const closed = [once(udp, 'close'), once(tcp.server, 'close')];
      udp.close();
      tcp.server.close();
      tcp.cutAll();
      await Promise.all(closed);
      record.flush();
    },
  };
}

interface QueryGaugeOptions {
  readonly clock: Clock;
  readonly perSecondMax: number;
}

/** Counts queries in windows of a second. */
class QueryGauge {
  readonly #options: QueryGaugeOptions;
  #windowStartMs = 0;
  #taken = 0;

  constructor(options: QueryGaugeOptions) {
    this.#options = options;
  }

  /** False when this second's queries are used up. */
  take(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= 1000) {
      this.#windowStartMs = nowMs;
      this.#taken = 0;
    }
    this.#taken += 1;
    return this.#taken <= this.#options.perSecondMax;
  }
}

interface Serving {
  readonly answer: QueryJudge['answer'];
  readonly counters: Counters;
}

function serveUdp(udp: UdpSocket, { answer, counters }: Serving): void {
  const failed = () => counters.add('dns.errors', 1, 'udp');
  udp.on('error', failed);
  udp.on('message', (query, { port, address }) => {
    const send = (reply: Buffer) => {
      udp.send(reply, port, address, (error) => {
        if (error !== null) failed();
      });
    };
    const reply = answer(query);
    if (reply === undefined) return;
    if (Buffer.isBuffer(reply)) send(reply);
    else reply.then(send, failed);
  });
}

async function bindBoth(listen: ResolverListen, tcp: Server) {
  const udp = createSocket({ type: 'udp4', recvBufferSize: udpBufferBytes });
  if ('udpFd' in listen) {
    // A socket bound by descriptor says `listening` within `bind`: wait for the word before that.
    const listening = Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    udp.bind({ fd: listen.udpFd });
    tcp.listen({ fd: listen.tcpFd });
    await listening;
    return { udp, port: udp.address().port };
  }
  udp.bind(listen.port, listen.host);
  await once(udp, 'listening');
  tcp.listen({ host: listen.host, port: udp.address().port });
  await once(tcp, 'listening');
  return { udp, port: udp.address().port };
}

const udpBufferBytes = 1_048_576;
