// Starts bubblewrap in its cgroup, held at the door: nothing of the command runs until `open()`.

import { type ChildProcess, spawn } from 'node:child_process';
import { fchownSync, mkdirSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { addAbortSignal, type Readable, type Writable } from 'node:stream';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import { type Bind, bubblewrapArguments, type SandboxView } from './bubblewrap-arguments.ts';
import { reachDoor } from './door.ts';
import { launcherEnvironment } from './launcher-environment.ts';
import { type ChildPipe, openChildPipe } from './pipe.ts';

/** Who a sandbox is on the host: never root, whose files and sysctls it could write. */
export interface HostOwner {
  readonly uid: number;
  readonly gid: number;
}

/** How a command ended. */
export interface Exit {
  /** 0–255, or 128 + n when signal n ended it. */
  readonly code: number;
  readonly signal: string | undefined;
}

/** A sandbox whose first process waits at the door. */
export interface Launched {
  /** Process id on the host of pid 1 inside. */
  readonly initPid: number;
  /** Resolves when the sandbox is made: everything from here on is the command's doing. */
  atDoor(): Promise<void>;
  /** Lets the command start. */
  open(): void;
  readonly exited: Promise<Exit>;
  /** The child's own ends of its stdio; `undefined` where a terminal was given. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** Signals the outer process. */
  kill(signal: NodeJS.Signals): void;
}

interface LaunchOptions {
  readonly view: Omit<SandboxView, 'infoFd' | 'blockFd' | 'dieWithRunner'>;
  /** With root: the cgroup to enter, and who to become. Without: bubblewrap runs as its caller. */
  readonly privileged:
    | { readonly procsFiles: readonly string[]; readonly owner: HostOwner }
    | undefined;
  /** Words to put before bubblewrap, such as a tracer and its arguments. */
  readonly prefix: readonly string[];
  /** The slave end of the command's terminal. */
  readonly terminalFd: number | undefined;
  readonly startTimeoutMs: number;
}

const infoFd = 3;
const blockFd = 4;
const infoSizeBytesMax = 4096;
/** An empty directory; the launcher's private mount namespace puts a tmpfs over it. */
const stage = '/run/sandtrail-stage';

/*
 * As root: bind each source into a stage that only this process sees (so that a workspace below
 * /root can be reached by an ordinary user), enter the cgroups, become that user, be bubblewrap.
 * A bubblewrap that stays root on the host leaves every sysctl in /proc/sys writable inside, such
 * as kernel.core_pattern, whatever its uid inside: the owner of those files is the host's root.
 */
const launcher = `
uid=$1 gid=$2; shift 2
mount -t tmpfs -o mode=0755,size=256k sandtrail ${stage}
n=0
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir ${stage}/$n; else : > ${stage}/$n; fi
  mount --rbind "$1" ${stage}/$n
  n=$((n + 1)); shift
done; shift
while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"
`;

/**
 * Starts bubblewrap and waits for its first process.
 * @throws SandtrailError `SANDBOX_START` when it ends before that; its own words are the detail.
 */
export async function launchSandbox(options: LaunchOptions): Promise<Launched> {
  const [program = '', ...args] = commandLine(options);
  const terminal = options.terminalFd;
  const pipes = terminal === undefined ? openStandardPipes() : undefined;
  const standard = pipes?.map((pipe) => pipe.childFd) ?? [terminal, terminal, terminal];
  const owner = options.privileged?.owner;
  for (const fd of standard) {
    // So that the command may open /dev/stdout and its like by name.
    if (owner !== undefined && fd !== undefined) fchownSync(fd, owner.uid, owner.gid);
  }
  const info = openChildPipe('write');
  const door = openChildPipe('read');
  const child = spawn(program, args, {
    stdio: [...standard, info.childFd, door.childFd],
    env: launcherEnvironment,
    // A session of its own: Ctrl-C at our terminal reaches the command through us alone.
    detached: true,
  });
  for (const pipe of [...(pipes ?? []), info, door]) pipe.release();
  const exited = exitOf(child);
  const [stdin, stdout, stderr] = pipes?.map((pipe) => pipe.stream) ?? [];
  const first = { child, exited, stderr, info: info.stream, timeoutMs: options.startTimeoutMs };
  const initPid = await firstProcess(first).catch((error: unknown) => {
    for (const { stream } of [...(pipes ?? []), info, door]) stream.destroy();
    throw error;
  });
  return {
    initPid,
    atDoor: () => reachDoor({ pid: initPid, fd: blockFd, timeoutMs: options.startTimeoutMs }),
    open: () => {
      door.stream.end('x');
    },
    exited,
    stdin,
    stdout,
    stderr,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function openStandardPipes(): readonly ChildPipe[] {
  return [openChildPipe('read'), openChildPipe('write'), openChildPipe('write')];
}

function commandLine({ view, privileged, prefix }: LaunchOptions): readonly string[] {
  const full: SandboxView = { ...view, infoFd, blockFd, dieWithRunner: privileged === undefined };
  if (privileged === undefined) {
    // A tracer outlives its parent unless told otherwise; bubblewrap then dies with the tracer.
    const tied = prefix.length === 0 ? [] : ['setpriv', '--pdeathsig', 'KILL', ...prefix];
    return [...tied, 'bwrap', ...bubblewrapArguments(full)];
  }
  mkdirSync(stage, { recursive: true, mode: 0o755 });
  const { owner, procsFiles } = privileged;
  const staged = view.binds.map((bind, n): Bind => ({ ...bind, source: `${stage}/${n}` }));
  return [
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', launcher, 'sandtrail'],
    ...[String(owner.uid), String(owner.gid)],
    ...[...view.binds.map((bind) => bind.source), '--', ...procsFiles, '--'],
    ...[...prefix, 'bwrap', ...bubblewrapArguments({ ...full, binds: staged })],
  ];
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new SandtrailError('SANDBOX_START', { detail: child.spawnfile, cause })),
    );
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + signalNumber(signal), signal: signal ?? undefined });
    });
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : osConstants.signals[signal];
}

interface FirstProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly stderr: Readable | undefined;
  readonly info: Readable;
  readonly timeoutMs: number;
}

const BubblewrapInfo = z.object({ 'child-pid': z.int().min(2) });

async function firstProcess(first: FirstProcess): Promise<number> {
  const { child, exited, stderr, info, timeoutMs } = first;
  const deadline = AbortSignal.timeout(timeoutMs);
  const text = await untilBrace(info, deadline);
  const parsed = text.endsWith('}') ? BubblewrapInfo.safeParse(JSON.parse(text)) : undefined;
  if (parsed?.success === true) return parsed.data['child-pid'];
  child.kill('SIGKILL');
  const exit = await exited;
  const words = String(stderr?.read() ?? '')
    .trim()
    .slice(0, 400);
  throw new SandtrailError('SANDBOX_START', { detail: words === '' ? `exit ${exit.code}` : words });
}

/** What bubblewrap writes to its info descriptor: one JSON object, then end of file. */
async function untilBrace(info: Readable, signal: AbortSignal): Promise<string> {
  let text = '';
  try {
    for await (const chunk of addAbortSignal(signal, info)) {
      text += String(chunk);
      if (text.includes('}') || text.length > infoSizeBytesMax) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return text.trim();
}
