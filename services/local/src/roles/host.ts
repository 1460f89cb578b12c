// The host daemon's process: sensors, their streams, the containment driver, the control socket.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { containmentKeyId } from '@sandtrail/chain/containment-signature';
import type { Collector } from '@sandtrail/host/collector';
import { startControlServer } from '@sandtrail/host/control-server';
import { createCgroupDriver } from '@sandtrail/host/driver/cgroup';
import { Containment } from '@sandtrail/host/driver/containment';
import { createProcessDriver } from '@sandtrail/host/driver/process';
import { createRequestAdmission } from '@sandtrail/host/driver/signed-request';
import { createEbpfCollector } from '@sandtrail/host/ebpf';
import { RegisteredSandboxes } from '@sandtrail/host/registered-sandboxes';
import { findCgroupLayout } from '@sandtrail/host/sandbox/cgroup-layout';
import { reapOrphans } from '@sandtrail/host/sandbox/orphans';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { chooseAccounts } from '../accounts.ts';
import { keyFilesOf, readPublicKey } from '../keys.ts';
import { openKit, openScanner } from '../kits.ts';
import type { Running, Surroundings } from '../role.ts';
import { startWatchers } from '../watchers.ts';

const orphanGraceMs = 30_000;

/** Starts the daemon; resolves when its sensors see and its socket takes registrations. */
export async function startHost(surroundings: Surroundings): Promise<Running> {
  const { layout, configuration, clock, counters, log } = surroundings;
  const root = process.getuid?.() === 0;
  const cgroups = root ? findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8')) : undefined;
  const parent = configuration.cgroupParent;
  const cgroupParent = cgroups === undefined ? undefined : path.join(cgroups.unified, parent);
  if (cgroups !== undefined && cgroupParent !== undefined) {
    mkdirSync(cgroupParent, { recursive: true });
    const orphans = await reapOrphans({ layout: cgroups, parent, runsDirectory: runsOf(layout) });
    for (const { uid, tasks } of orphans)
      log.warn('an orphaned sandbox was killed', { uid, tasks });
  }
  const shipper = createGatewayClient({
    address: { socketPath: layout.gatewaySocket },
    token: readFileSync(keyFilesOf(layout).hostToken, 'utf8'),
  });
  const scanner = openScanner(layout);
  const { watchers, stop } = await startWatchers({
    collectors: sensorsOf(surroundings, cgroupParent),
    openKit: (collector) =>
      openKit(surroundings, { collector, dir: layout.spool, shipper, scanner }),
    judge: () => undefined,
    counters,
    log,
  });
  const driver = cgroupParent === undefined ? createProcessDriver() : createCgroupDriver({ clock });
  const sandboxes = new RegisteredSandboxes({
    driver,
    watchers,
    cgroupParent,
    clock,
    counters,
    orphanGraceMs,
  });
  const containment = new Containment({
    driver,
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
  const key = readPublicKey(keyFilesOf(layout).responderPublic);
  const accounts = chooseAccounts({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  const control = await startControlServer({
    socketPath: layout.hostSocket,
    responderUid: accounts.separated ? accounts.core.uid : undefined,
    sandboxes,
    containment,
    admission: createRequestAdmission({ keys: new Map([[containmentKeyId(key), key]]), clock }),
    counters,
    logger: log.child('control'),
  });
  return {
    async close() {
      await control.close();
      await stop();
      await shipper.close();
    },
  };
}

/** Where runners keep their own directories. */
export function runsOf(layout: Surroundings['layout']): string {
  return path.join(layout.run, 'sandboxes');
}

function sensorsOf(
  { clock, counters, log }: Surroundings,
  cgroupParent: string | undefined,
): readonly Collector[] {
  if (cgroupParent === undefined) return [];
  const logger = log.child('ebpf');
  return [createEbpfCollector({ parentCgroup: cgroupParent, clock, logger, counters })];
}
