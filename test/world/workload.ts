// A program in a watched sandbox of a test's product, run as `sandtrail run` runs it.
import { EventEmitter } from 'node:events';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { RunSummary } from '@sandtrail/host/sandbox/run';
import { sandboxOwner } from '@sandtrail/host/sandbox/workspace';
import { newSandboxUid, runWatched } from '@sandtrail/local/run-watched';
import { Policy } from '@sandtrail/schemas/policy';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type * as z from 'zod';
import type { TestProduct } from './product.ts';

/** What runs, by `sh -c`, and under which policy. */
export interface Workload {
  readonly script: string;
  readonly name?: string;
  /** Files of the workspace: path → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly policy?: Policy;
}

/** A workload that runs. */
export interface RunningWorkload {
  readonly uid: SandboxUid;
  /** Where its workspace lies on the host. */
  readonly workspace: string;
  readonly stdin: PassThrough;
  /** Standard output and error so far. */
  readonly output: () => string;
  /** Stands for the user's signals: `emit('SIGTERM')`. */
  readonly signals: EventEmitter;
  readonly ended: Promise<RunSummary>;
}

const outputCharsMax = 1_048_576;

/** A policy for tests; `changes` replace whole sections. */
export function policyOf(changes: Partial<z.input<typeof Policy>> = {}): Policy {
  return Policy.parse({
    isolation: 'bubblewrap',
    network: { mode: 'restricted', egress_allowlist: [] },
    filesystem: { workspace: '/tmp/agent' },
    resources: { cpu_limit: '2', memory_limit: '512Mi', timeout_seconds: 60 },
    ...changes,
  });
}

/** A policy under which nothing is contained by itself: who attacks is not frozen half-way. */
export function watchOnly(): Policy {
  return policyOf({ responses: { automatic: false } });
}

/** Starts a workload. */
export function startWorkload(product: TestProduct, workload: Workload): RunningWorkload {
  const { surroundings } = product;
  const uid = newSandboxUid(surroundings.random);
  const workspace = path.join(surroundings.layout.workspaces, uid);
  placeFiles(workspace, workload.files ?? {});
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let output = '';
  for (const stream of [io.stdout, io.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-outputCharsMax);
    });
  }
  const signals = new EventEmitter();
  const ended = runWatched(surroundings, {
    uid,
    name: workload.name ?? 'test',
    policy: workload.policy ?? policyOf(),
    command: ['sh', '-c', workload.script],
    io,
    signals,
    environment: { LANG: 'C.UTF-8' },
    allowWeaker: false,
    workspace,
  });
  // Whoever awaits `ended` gets the failure; until then it must not end the process.
  ended.catch((error: unknown) => signals.emit('failed', error));
  return { uid, workspace, stdin: io.stdin, output: () => output, signals, ended };
}

/** Runs a workload to its end, without input. */
export async function runWorkload(product: TestProduct, workload: Workload) {
  const running = startWorkload(product, workload);
  running.stdin.end();
  const summary = await running.ended;
  return { ...summary, output: running.output() };
}

function placeFiles(workspace: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(workspace, { recursive: true });
  chownSync(workspace, sandboxOwner.uid, sandboxOwner.gid);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(workspace, name);
    writeFileSync(file, content);
    chownSync(file, sandboxOwner.uid, sandboxOwner.gid);
  }
}
