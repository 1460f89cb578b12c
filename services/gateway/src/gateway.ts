// The gateway: composes doors, admission and the log; what it listens on, and how it ends.
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import type { Bus } from '@sandtrail/bus/bus';
import type { Shipper } from '@sandtrail/kit/shipper';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { noSpans, type Spans } from '@sandtrail/runtime/spans';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import { partitionCount } from '@sandtrail/schemas/topics';
import { createAdmission } from './admit.ts';
import type { GatewayConfig } from './config.ts';
import { openEnrolment } from './enrolment.ts';
import { nextEpoch } from './epoch.ts';
import type { Credential, ServiceName } from './grant.ts';
import type { Hooks } from './hook-door.ts';
import { createHttpDoor } from './http-door.ts';
import { Intake } from './intake.ts';
import { OwnRecords } from './own-records.ts';
import { Refusals } from './refusals.ts';
import { type Registration, SandboxRegistry } from './sandbox-registry.ts';
import { SandboxSockets } from './sandbox-sockets.ts';
import { SeenWindow } from './seen-window.ts';
import type { Senders } from './senders.ts';
import { createServiceShipper } from './service-shipper.ts';
import { runTicks } from './ticks.ts';

/** What the gateway runs on. */
export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly spans?: Spans;
  /** Makes what speaks for the senders inside sandboxes; `shipper` is its way into the log. */
  readonly createSenders: (shipper: Shipper) => Promise<Senders>;
  /** Agents' hooks that the sandboxes' sockets answer; none unless given. */
  readonly hooks?: Hooks;
  /** Partitions of the events topic; those of the contract unless told otherwise. */
  readonly eventPartitions?: number;
}

/** The rung on which a sandbox's life is held; undefined when it is free. */
export type Contained = (life: Pick<Registration, 'uid' | 'incarnation'>) => Level | undefined;

const unknownContainment: Contained = () => undefined;

/** A running gateway. */
export interface Gateway {
  readonly socketPath: string;
  /** The TCP address, when one was asked for: `host:port`. */
  readonly tcpAddress: string | undefined;
  /** The way into the log for a service in this process. */
  shipper(service: ServiceName): Shipper;
  /** Whom to ask from now on at which rung a sandbox is held: its agent's hooks are told. */
  askContainment(contained: Contained): void;
  /** Knows tokens that were enrolled since it started. */
  reloadEnrolment(): void;
  /** Closes the doors, then the senders' streams; what was acknowledged is in the log. */
  close(): Promise<void>;
}

/**
 * Starts the gateway: when it resolves, its socket takes records.
 * @throws SandtrailError `LISTEN_REFUSED`, `DATA_DIR_DAMAGED`
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const parts = await composeGateway(options);
  const { config, counters, log } = options;
  const { registry, sockets, refusals, records } = parts;
  const stopping = new AbortController();
  await sockets.restore(registry.open());
  const doors = [await listenLocal(parts)];
  const tcp = config.tcp === undefined ? undefined : await listenTcp(parts);
  if (tcp !== undefined) doors.push(tcp);
  const { tickMs } = config;
  const eventPartitions = options.eventPartitions ?? partitionCount.events;
  const ticks = runTicks({ records, counters, eventPartitions, tickMs }, stopping.signal);
  log.info('the gateway listens', { socket: config.socketPath, tcp: tcp?.address });
  const close = async () => {
    stopping.abort();
    await Promise.all(doors.map((door) => door.close()));
    await sockets.close();
    await parts.senders.close();
    await refusals.close();
    await ticks;
    rmSync(config.socketPath, { force: true });
  };
  return {
    socketPath: config.socketPath,
    tcpAddress: tcp?.address,
    shipper: (name) => createServiceShipper(parts.intake, serviceCredential(config.tenant, name)),
    askContainment: (contained) => {
      parts.containment.of = contained;
    },
    reloadEnrolment: () => parts.enrolment.reload(),
    close,
  };
}

/** The parts in the order in which they need one another; nothing listens yet. */
async function composeGateway(options: GatewayOptions) {
  const { config, bus, clock, counters, spans = noSpans } = options;
  const { limits, node, stateDir } = config;
  const eventPartitions = options.eventPartitions ?? partitionCount.events;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const registry = new SandboxRegistry({
    path: join(stateDir, 'sandboxes.json'),
    openMax: limits.sandboxesOpenMax,
    closedMax: limits.sandboxesClosedMax,
  });
  const enrolment = openEnrolment(config.enrolmentPath);
  const epoch = nextEpoch(stateDir);
  const streamsMax = limits.ownStreamsMax;
  const records = new OwnRecords({ bus, clock, node, epoch, streamsMax });
  const refusals = new Refusals({
    records,
    clock,
    counters,
    eventPartitions,
    windowMs: limits.refusalWindowMs,
    pendingMax: limits.refusalsPendingMax,
  });
  const admit = createAdmission({
    find: (life) => registry.get(life),
    version: () => registry.version,
    eventPartitions,
  });
  const seen = new SeenWindow({
    recordsMax: limits.seenRecordsMax,
    recordsPerStreamMax: limits.seenRecordsPerStreamMax,
  });
  const intake = new Intake({ bus, clock, counters, admit, seen, refusals, spans });
  const senders = await options.createSenders(
    createServiceShipper(intake, {
      id: 'sandbox-sockets',
      tenant: config.tenant,
      grant: { type: 'sockets', node },
    }),
  );
  const dir = config.sandboxesDir;
  const { hooks = {} } = options;
  const containment = { of: unknownContainment };
  const contained: Contained = (life) => containment.of(life);
  const sockets = new SandboxSockets({
    ...{ dir, clock, counters, limits, refusals, senders },
    ...{ hooks, contained },
  });
  return { options, registry, enrolment, records, refusals, intake, sockets, senders, containment };
}

type Parts = Awaited<ReturnType<typeof composeGateway>>;

function createDoor(parts: Parts, tls?: { readonly cert: Buffer; readonly key: Buffer }) {
  const { options, registry, enrolment, intake, sockets } = parts;
  const { config, clock, counters, log } = options;
  const { node, limits } = config;
  return createHttpDoor({
    ...{ node, clock, counters, log, limits, intake, tls },
    credentialOf: (token) => enrolment.credentialOf(token),
    async openSandbox(sandbox, credential) {
      const { tenant } = credential;
      return sockets.open(registry.register({ ...sandbox, node: nodeOf(credential), tenant }));
    },
    async closeSandbox(sandbox, credential) {
      const life = registry.end({ ...sandbox, node: nodeOf(credential) });
      if (life === undefined) throw new SandtrailError('SANDBOX_UNKNOWN', { detail: sandbox.uid });
      await sockets.end(life);
    },
  });
}

/** A connect to a Unix socket whose backlog is full fails at once (unix(7)); Node's default is 511. */
const backlog = 4096;

async function listenLocal(parts: Parts) {
  const { socketPath } = parts.options.config;
  const door = createDoor(parts);
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  try {
    rmSync(socketPath, { force: true });
    await door.listen({ path: socketPath, backlog });
  } catch (cause) {
    throw new SandtrailError('LISTEN_REFUSED', { detail: socketPath, cause });
  }
  chmodSync(socketPath, 0o600);
  return { address: socketPath, close: () => door.close() };
}

async function listenTcp(parts: Parts) {
  const { tcp } = parts.options.config;
  if (tcp === undefined) throw new SandtrailError('LISTEN_REFUSED', { detail: 'no address' });
  const { host, port, tls } = tcp;
  if (tls === undefined && !isLoopback(host)) {
    throw new SandtrailError('LISTEN_REFUSED', { detail: `${host}:${port} without TLS` });
  }
  const pem = tls && { cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath) };
  const door = createDoor(parts, pem);
  const address = await door.listen({ host, port, backlog }).catch((cause: unknown) => {
    throw new SandtrailError('LISTEN_REFUSED', { detail: `${host}:${port}`, cause });
  });
  return { address, close: () => door.close() };
}

/** True for addresses that only this machine reaches; names are not resolved, so only `localhost`. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function serviceCredential(tenant: string, name: ServiceName): Credential {
  return { id: `service-${name}`, tenant, grant: { type: 'service', name } };
}

/** @throws SandtrailError `GRANT_MISSING` when the credential is not a host's */
function nodeOf({ grant }: Credential): string {
  if (grant.type === 'host') return grant.node;
  throw new SandtrailError('GRANT_MISSING', { detail: 'only a host registers sandboxes' });
}
