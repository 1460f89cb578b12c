// For tests: a real, small sandbox of this machine, with its own parent cgroup, removed afterwards.
import { chownSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { openCgroup } from '../driver/cgroup-handle.ts';
import type { EgressSwitch, Target } from '../driver/driver.ts';
import { readTarget } from '../driver/target.ts';
import { createSandboxCgroup, type SandboxCgroup } from './cgroup.ts';
import { findCgroupLayout } from './cgroup-layout.ts';
import { type Exit, type Launched, launchSandbox } from './launch.ts';

/** A sandbox that runs. */
export interface TestSandbox {
  readonly cgroup: SandboxCgroup | undefined;
  readonly launched: Launched;
  readonly target: Target;
  readonly output: Promise<string>;
  /** Kills what is left and removes cgroups and files. */
  end(): Promise<Exit>;
}

interface TestSandboxOptions {
  readonly command: readonly string[];
  readonly egress?: EgressSwitch;
  readonly pidsMax?: number;
  /** Without root: no cgroup, no change of user; the test itself runs as an ordinary user. */
  readonly unprivileged?: boolean;
  /** Leaves the door closed. */
  readonly held?: boolean;
}

/** An egress that answers at once and has nothing open. */
export function quietEgress(): EgressSwitch {
  let denied = false;
  const state = () => Promise.resolve({ openFlows: 0, denied });
  return {
    deny: () => {
      denied = true;
      return state();
    },
    allow: () => {
      denied = false;
      return state();
    },
    status: state,
  };
}

const hostOwner = { uid: 65_521, gid: 65_521 };
let count = 0;

/** Starts a command in a sandbox of its own. */
export async function startTestSandbox(options: TestSandboxOptions): Promise<TestSandbox> {
  count += 1;
  const uid = SandboxUid.parse(`test-${process.pid}-${count}`);
  const parent = `sandtrail-test-${process.pid}-${count}`;
  const workspace = mkdtempSync(join(tmpdir(), 'sandtrail-workspace-'));
  const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  const privileged = options.unprivileged !== true && layout !== undefined;
  if (privileged) chownSync(workspace, hostOwner.uid, hostOwner.gid);
  const limits = { cpuCores: 2, memoryBytes: 2 ** 29, pidsMax: options.pidsMax ?? 512 };
  const cgroup = privileged
    ? createSandboxCgroup({ layout, parent, name: uid, limits: { ...limits, timeoutMs: 60_000 } })
    : undefined;
  const launched = await launchSandbox({
    view: {
      binds: [{ source: workspace, target: '/work', writable: true }],
      workspace: '/work',
      environment: { PATH: '/usr/bin:/bin', HOME: '/work' },
      hostname: 'sandbox',
      terminal: false,
      command: options.command,
    },
    privileged:
      cgroup === undefined ? undefined : { procsFiles: cgroup.procsFiles, owner: hostOwner },
    prefix: [],
    terminalFd: undefined,
    startTimeoutMs: 10_000,
  });
  const output = launched.stdout === undefined ? Promise.resolve('') : text(launched.stdout);
  launched.stderr?.resume();
  const handles = cgroup === undefined ? undefined : { path: cgroup.path, id: cgroup.id };
  const egress = options.egress ?? quietEgress();
  const target = readTarget({
    uid,
    incarnation: 0,
    cgroup: handles,
    initPid: launched.initPid,
    egress,
  });
  if (options.held !== true) launched.open();
  return {
    cgroup,
    launched,
    target,
    output,
    end: async () => {
      launched.stdin?.destroy();
      if (handles !== undefined) openCgroup(handles)?.write('cgroup.kill', '1');
      else killInit(launched.initPid);
      const exit = await launched.exited;
      if (cgroup !== undefined) {
        await cgroup.remove();
        for (const file of cgroup.procsFiles) rmdirSync(dirname(dirname(file)));
      }
      rmSync(workspace, { recursive: true, force: true });
      return exit;
    },
  };
}

/** The kernel lets pid 1 of a namespace take all others with it. */
function killInit(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
