// The host daemon's process: sensors, their streams, the containment driver, the control socket.
import { mkdirSync, readFileSync, rmdir } from 'node:fs';
import path from 'node:path';
import { containmentKeyId } from '@sandtrail/chain/containment-signature';
import { createFastRules } from '@sandtrail/detection/fast-rules';
import { nextEpoch } from '@sandtrail/gateway/epoch';
import type { Collector } from '@sandtrail/host/collector';
import { startControlServer } from '@sandtrail/host/control/server';
import { createCgroupDriver } from '@sandtrail/host/driver/cgroup';
import { Containment } from '@sandtrail/host/driver/containment';
import { createDockerDriver } from '@sandtrail/host/driver/docker';
import type { Driver, DriverChoice } from '@sandtrail/host/driver/driver';
import { createGvisorDriver } from '@sandtrail/host/driver/gvisor';
import { createProcessDriver } from '@sandtrail/host/driver/process';
import { createRequestAdmission } from '@sandtrail/host/driver/signed-request';
import { createEbpfCollector } from '@sandtrail/host/ebpf';
import { FastPath } from '@sandtrail/host/fast-path';
import { createProcCollector } from '@sandtrail/host/proc';
import { RegisteredSandboxes } from '@sandtrail/host/registered-sandboxes';
import {
  type CgroupLayout,
  cgroupDirectories,
  findCgroupLayout,
} from '@sandtrail/host/sandbox/cgroup-layout';
import { clearRemains, type Orphan, reapOrphans } from '@sandtrail/host/sandbox/orphans';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { every } from '@sandtrail/runtime/supervise';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { chooseAccounts } from '../accounts.ts';
import { type Containers, createContainers } from '../containers.ts';
import { gatewayAnswers } from '../gateway-answers.ts';
import { keyFilesOf, readPublicKey } from '../keys.ts';
import { openKit, openScanner } from '../kits.ts';
import { shipLeftSpools } from '../left-spools.ts';
import type { ProcessSurroundings, Running, Surroundings } from '../role.ts';
import { type RecordService, serviceRecords } from '../service-records.ts';
import { spannedContainment } from '../spanned.ts';
import { HostWatchers } from '../watchers.ts';

const orphanGraceMs = 30_000;
/** A runner may die while no daemon is there to adopt its sandbox. */
const reapEveryMs = 5_000;

/** Starts the daemon; resolves when its sensors see, the gateway answers and its socket is open. */
export async function startHost(surroundings: ProcessSurroundings): Promise<Running> {
  const { layout, counters, log } = surroundings;
  const stopping = new AbortController();
  const shipper = createGatewayClient({
    address: { socketPath: layout.gatewaySocket },
    token: readFileSync(keyFilesOf(layout).hostToken, 'utf8'),
  });
  const recorder = (service: string) =>
    actsOf(surroundings, { service, shipper, signal: stopping.signal });
  const record = recorder('host-acts');
  const place = cgroupPlace(surroundings);
  const orphans = place === undefined ? [] : await reapLeft(surroundings, place);

  const supervise = (work: Promise<void>) => {
    work.catch((error: unknown) => {
      counters.add('host.acts_failed');
      log.error('the host could not act', { error: String(error) });
    });
  };
  const scanner = openScanner(layout);
  const containers = createContainers(surroundings);
  const watchers = new HostWatchers({
    collectors: sensorsOf(surroundings, place?.parent),
    beside: containers.collectors,
    openKit: (collector) =>
      openKit(surroundings, { collector, dir: layout.spool, shipper, scanner }),
    // All of them are witnesses; what they see may move the host by itself.
    judge: (sandbox, observation, collector) =>
      fastPath.observe(sandbox, observation, isKernels(collector) ? 'kernel' : 'host'),
    blind: (reason) => supervise(sandboxes.recorderLost(reason)),
    seeing: () => supervise(sandboxes.recorderBack()),
    counters,
    log,
  });
  const { sandboxes, containment, fastPath, driverOf } = createLadder(surroundings, {
    place,
    watchers,
    record,
  });
  await watchers.start();
  await gatewayAnswers(surroundings);
  await tellOrphans(surroundings, orphans, record);
  const watchContainer = containers.watch;
  const control = await startControl(surroundings, { sandboxes, containment, watchContainer });
  // Containment has a lane of its own: a stream that shared it would seem to have holes.
  containers.attach({ sandboxes, driverOf, record: recorder('host-containers') });
  const { signal } = stopping;
  const left = Promise.all([
    containers.run(signal),
    tidyUp(surroundings, { shipper, place, sandboxes, record, signal }),
  ]).then(() => undefined);
  supervise(left);
  return {
    async close() {
      await control.close();
      sandboxes.stop();
      await watchers.stop();
      stopping.abort();
      await Promise.allSettled([left]);
      await shipper.close();
      if (place !== undefined) {
        const { cgroupParent } = surroundings.configuration;
        for (const parent of [cgroupParent, `${cgroupParent}.adopted`])
          await removeIfEmpty(place, parent);
      }
    },
  };
}

interface Tidying {
  readonly shipper: ReturnType<typeof createGatewayClient>;
  readonly place: CgroupPlace | undefined;
  readonly sandboxes: RegisteredSandboxes;
  readonly record: RecordService;
  readonly signal: AbortSignal;
}

/** Ships what dead runners left and reaps their sandboxes, until the signal aborts. */
async function tidyUp(surroundings: Surroundings, parts: Tidying): Promise<void> {
  const { shipper, place, sandboxes, record, signal } = parts;
  const runs = runsOf(surroundings.layout);
  await Promise.all([
    shipLeftSpools({ surroundings, shipper, runs, signal }),
    every({ ms: reapEveryMs, signal }, async () => {
      if (place === undefined) return;
      await tellOrphans(surroundings, await reapLeft(surroundings, place, sandboxes), record);
    }),
  ]);
}

/** Leaves no cgroup behind; one that still holds a sandbox is the next start's to clear. */
async function removeIfEmpty({ layout }: CgroupPlace, parent: string): Promise<void> {
  for (const directory of cgroupDirectories({ layout, parent, name: '' })) {
    // rmdir(2) takes a cgroup away with its files, and refuses while a child or a task is in it.
    await new Promise<void>((resolve) => rmdir(directory, () => resolve()));
  }
}

interface LadderParts {
  readonly place: CgroupPlace | undefined;
  readonly watchers: HostWatchers;
  readonly record: RecordService;
}

/** The sandboxes of this host, the ladder on which they stand, and the host's own reflex. */
function createLadder(surroundings: Surroundings, { place, watchers, record }: LadderParts) {
  const { configuration, clock, random, counters } = surroundings;
  const own: Driver = place === undefined ? createProcessDriver() : createCgroupDriver({ clock });
  const kept = { docker: createDockerDriver({ clock }), gvisor: createGvisorDriver({ clock }) };
  const driverOf: DriverChoice = ({ keeper }) => (keeper === undefined ? own : kept[keeper.driver]);
  const sandboxes = new RegisteredSandboxes({
    driverOf,
    watchers,
    cgroupParent: place?.parent,
    clock,
    counters,
    orphanGraceMs,
    clearAway: (uid) => clearAway(surroundings, place, uid),
  });
  const containment = new Containment({
    driverOf,
    clock,
    counters,
    observer: {
      moves: ({ uid }, level) => sandboxes.tellLevel(uid, level),
      observe: ({ uid }, observation) => {
        const watched = sandboxes.watched(uid);
        if (watched !== undefined) watchers.observe(watched, observation);
      },
    },
  });
  sandboxes.attach(containment);
  const fastPath = new FastPath({
    rules: createFastRules(),
    containment,
    async record({ uid: sandbox, incarnation }, observation) {
      await record({ sandbox, incarnation }, observation);
    },
    clock,
    random,
    counters,
    actsPerMinuteMax: configuration.automaticActsMax,
  });
  return { sandboxes, containment, fastPath, driverOf };
}

/** Where runners keep their own directories. */
export function runsOf(layout: Surroundings['layout']): string {
  return path.join(layout.run, 'sandboxes');
}

interface CgroupPlace {
  readonly layout: CgroupLayout;
  /** The directory whose direct children are the sandboxes' cgroups. */
  readonly parent: string;
}

/** Root puts sandboxes into cgroups; anybody else has none. */
function cgroupPlace({ configuration }: Surroundings): CgroupPlace | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (layout === undefined) return undefined;
  const parent = path.join(layout.unified, configuration.cgroupParent);
  mkdirSync(parent, { recursive: true });
  return { layout, parent };
}

interface ActsOptions {
  readonly service: string;
  readonly shipper: ReturnType<typeof createGatewayClient>;
  readonly signal: AbortSignal;
}

/** Writes what the host itself did; durable when it resolves. */
function actsOf(
  { layout, configuration }: Surroundings,
  { service, shipper, signal }: ActsOptions,
): RecordService {
  const dir = path.join(layout.spool, service);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { node } = configuration;
  return serviceRecords({ service, node, epoch: nextEpoch(dir), shipper, signal });
}

/** Kills the sandboxes whose runner and whose daemon are gone. */
function reapLeft(
  { layout, configuration }: Surroundings,
  place: CgroupPlace,
  sandboxes?: RegisteredSandboxes,
) {
  return reapOrphans({
    layout: place.layout,
    parent: configuration.cgroupParent,
    runsDirectory: runsOf(layout),
    isAdopted: (uid) => sandboxes?.list().some((each) => each.uid === uid) === true,
  });
}

/** Records the end of sandboxes that were killed as orphans. */
async function tellOrphans(
  { clock, log }: Surroundings,
  orphans: readonly Orphan[],
  record: RecordService,
): Promise<void> {
  for (const orphan of orphans) {
    log.warn('an orphaned sandbox was killed', { uid: orphan.uid, tasks: orphan.tasks });
    await record(lifeOf(orphan), {
      kind: 'sandbox.destroyed',
      observedAtNs: `${clock.nowNs()}`,
      reason: 'orphaned',
      streams: [],
    }).catch((error: unknown) =>
      log.error('an orphan’s end could not be recorded', { error: String(error) }),
    );
  }
}

/** Removes what is left of an orphan that died under this daemon's watch. */
async function clearAway(
  { layout, configuration }: Surroundings,
  place: CgroupPlace | undefined,
  uid: SandboxUid,
): Promise<void> {
  if (place === undefined) return;
  const { cgroupParent: parent } = configuration;
  await clearRemains({ layout: place.layout, parent, runsDirectory: runsOf(layout), uid });
}

function lifeOf({ uid, incarnation = 0 }: Orphan) {
  return { sandbox: SandboxUid.parse(uid), incarnation };
}

interface Controlled {
  readonly sandboxes: RegisteredSandboxes;
  readonly containment: Containment;
  readonly watchContainer: Containers['watch'];
}

function startControl(surroundings: ProcessSurroundings, controlled: Controlled) {
  const { layout, clock, counters, log } = surroundings;
  const key = readPublicKey(keyFilesOf(layout).responderPublic);
  const accounts = chooseAccounts({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  return startControlServer({
    socketPath: layout.hostSocket,
    responderUid: accounts.separated ? accounts.core.uid : undefined,
    ...controlled,
    containment: spannedContainment(controlled.containment, surroundings),
    admission: createRequestAdmission({ keys: new Map([[containmentKeyId(key), key]]), clock }),
    counters,
    logger: log.child('control'),
  });
}

/** The collectors whose events the gateway, too, takes for the kernel's own. */
function isKernels(collector: string): boolean {
  return collector === 'ebpf' || collector === 'proc';
}

function sensorsOf(
  { clock, counters, log }: Surroundings,
  parentCgroup: string | undefined,
): readonly Collector[] {
  if (parentCgroup === undefined) return [];
  return [
    createEbpfCollector({ parentCgroup, clock, logger: log.child('ebpf'), counters }),
    createProcCollector({ clock, counters }),
  ];
}
