// One run of `sandtrail run`: registered with the product, recorded by it, told as a summary.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createKitRecorder } from '@sandtrail/host/sandbox/kit-recorder';
import { type RunSummary, runSandbox } from '@sandtrail/host/sandbox/run';
import type { SignalSource } from '@sandtrail/host/sandbox/signals';
import type { RunnerIo } from '@sandtrail/host/sandbox/stdio';
import { createStraceCollector } from '@sandtrail/host/strace';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Policy } from '@sandtrail/schemas/policy';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { keyFilesOf } from './keys.ts';
import { openKit, openScanner } from './kits.ts';
import { removeRunSpool, runSpool } from './left-spools.ts';
import type { Surroundings } from './role.ts';
import { runsOf } from './roles/host.ts';
import { endSandbox, registerSandbox } from './sandbox-door.ts';

/** What to run, and how it meets the user. */
export interface WatchedRun {
  readonly uid: SandboxUid;
  readonly name: string;
  readonly policy: Policy;
  readonly command: readonly string[];
  readonly io: RunnerIo;
  readonly signals: SignalSource;
  readonly environment: Readonly<Record<string, string>>;
  readonly allowWeaker: boolean;
  /** Where the workspace lies on the host; a folder of the data directory unless told. */
  readonly workspace?: string;
}

/** A sandbox's uid: 16 random bytes as a UUID of version 4 (RFC 9562). */
export function newSandboxUid(random: (n: number) => Buffer): SandboxUid {
  const bytes = random(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return SandboxUid.parse([...parts, hex.slice(20)].join('-'));
}

/**
 * Runs it to its end; the product must be running.
 * @throws SandtrailError as `runSandbox`, and `GATEWAY_UNREACHABLE`, `GATEWAY_REFUSED`
 */
export async function runWatched(surroundings: Surroundings, run: WatchedRun): Promise<RunSummary> {
  const { layout, configuration, clock, counters, log } = surroundings;
  const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
  const life = { uid: run.uid, incarnation: 0 };
  const door = await registerSandbox({ layout, token }, life);
  const shipper = createGatewayClient({ address: { socketPath: layout.gatewaySocket }, token });
  const scanner = openScanner(layout);
  const spool = runSpool(layout, run.uid);
  const recorder = createKitRecorder({
    kitOf: (collector) => openKit(surroundings, { collector, dir: spool, shipper, scanner }),
    sandbox: run.uid,
    incarnation: life.incarnation,
  });
  // Root has the host daemon's kernel sensor; anybody else follows the tree with ptrace.
  const isRoot = process.getuid?.() === 0;
  const tracer = isRoot ? undefined : createStraceCollector({ clock, counters, launchers: 1 });
  try {
    return await runSandbox({
      ...life,
      name: run.name,
      node: configuration.node,
      policy: run.policy,
      command: run.command,
      workspaceRoot: run.workspace ?? path.join(layout.workspaces, run.uid),
      runDirectory: path.join(runsOf(layout), run.uid),
      cgroupParent: configuration.cgroupParent,
      controlSocket: layout.hostSocket,
      eventSocket: door.socketPath,
      allowWeaker: run.allowWeaker,
      environment: run.environment,
      prefix: tracer?.commandPrefix(run.uid) ?? [],
      sensors: tracer === undefined ? [] : [tracer],
      io: run.io,
      signals: run.signals,
      recorder,
      scanner,
      clock,
      counters,
      logger: log,
    });
  } finally {
    await endPatiently({ layout, token }, life).catch((error: unknown) => {
      // The run is over and its end stands; the gateway keeps the sandbox's socket a while longer.
      counters.add('run.not_ended_at_gateway');
      log.warn('the gateway was not told of the end', { error: String(error) });
    });
    await shipper.close();
    removeRunSpool(spool);
  }
}

const attemptsMax = 20;
const againMs = 250;

/** A core that died is being started again: it is told when it is back. */
async function endPatiently(...[asking, life]: Parameters<typeof endSandbox>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await endSandbox(asking, life);
    } catch (error) {
      const isAway = error instanceof SandtrailError && error.code === 'GATEWAY_UNREACHABLE';
      if (!isAway || attempt === attemptsMax) throw error;
      await delay(againMs);
    }
  }
}
