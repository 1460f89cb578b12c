// A proxy on loopback with a policy, names and a record, for tests and benches.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { compileEgress } from '@sandtrail/policy/egress';
import { systemClock } from '@sandtrail/runtime/clock';
import { type Counters, createCounters } from '@sandtrail/runtime/counters';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import type { Lookup } from './destination.ts';
import type { EgressLimits } from './egress-limits.ts';
import { type EgressProxy, startEgressProxy } from './egress-proxy.ts';

interface RigOptions {
  readonly allow: readonly string[];
  /** Names that are declared to resolve to a private address. */
  readonly declared?: Readonly<Record<string, string>>;
  /** What the lookup answers; declared names answer with their address. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly lookup?: Lookup;
  readonly limits?: Partial<EgressLimits>;
  readonly tlsOnlyPorts?: readonly number[];
}

/** A running proxy and all that it said. */
export interface EgressRig {
  readonly proxy: EgressProxy;
  readonly counters: Counters;
  /** The observations of one kind, in order. */
  seen<K extends Observation['kind']>(kind: K): ObservationOf<K>[];
  /** Writes raw bytes on a new connection and returns all that came back until it closed. */
  exchange(bytes: string | Buffer): Promise<string>;
  /** Asks for a tunnel and resolves with the head of the answer. */
  tunnel(authority: string): Promise<RigTunnel>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface RigTunnel {
  readonly socket: Socket;
  /** The head of the proxy's answer; empty when it closed without one. */
  readonly answer: string;
  /** All that came after the head so far, one character for each byte. */
  readonly received: () => string;
}

/** Starts a proxy on a free port of loopback. */
export async function startEgressRig(options: RigOptions): Promise<EgressRig> {
  const observations: Observation[] = [];
  const counters = createCounters();
  const declared = Object.entries(options.declared ?? {});
  const policy = compileEgress({
    mode: 'restricted',
    egress_allowlist: [...options.allow],
    ingress: 'deny_all',
    private_allow: declared.map(([name, address]) => ({ name, address })),
  });
  const proxy = await startEgressProxy({
    listen: { host: '127.0.0.1', port: 0 },
    policy,
    lookup: options.lookup ?? lookupIn({ ...Object.fromEntries(declared), ...options.names }),
    observe: (observation) => observations.push(observation),
    clock: systemClock,
    counters,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.tlsOnlyPorts === undefined ? {} : { tlsOnlyPorts: options.tlsOnlyPorts }),
  });
  return {
    proxy,
    counters,
    seen: (kind) => observations.filter((one) => isOfKind(one, kind)),
    exchange: (bytes) => exchangeRaw(proxy.port, bytes),
    tunnel: (authority) => openRawTunnel(proxy.port, authority),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

/** A TCP server on a free port of loopback, closed with all its connections on disposal. */
export async function listenOnLoopback(server: Server = createServer()) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    port: addressOf(server).port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function isOfKind<K extends Observation['kind']>(
  observation: Observation,
  kind: K,
): observation is ObservationOf<K> {
  return observation.kind === kind;
}

function lookupIn(names: Readonly<Record<string, string | readonly string[]>>): Lookup {
  return async (name) => [names[name] ?? []].flat();
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server listens on TCP');
  return address;
}

function exchangeRaw(port: number, bytes: string | Buffer): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const client = connect(port, '127.0.0.1');
  let text = '';
  client.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  client.on('error', () => client.destroy()).on('close', () => resolve(text));
  client.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return promise;
}

function openRawTunnel(port: number, authority: string): Promise<RigTunnel> {
  const { promise, resolve } = Promise.withResolvers<RigTunnel>();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const head = () => text.split('\r\n\r\n', 1)[0] ?? '';
  const received = () => text.slice(head().length + 4);
  const answered = () => resolve({ socket, answer: head(), received });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.includes('\r\n\r\n')) answered();
  });
  socket.on('error', () => socket.destroy()).on('close', answered);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  return promise;
}
