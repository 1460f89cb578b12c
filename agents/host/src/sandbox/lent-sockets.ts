// Sockets in a sandbox's network namespace without root: a child that may enter opens and lends them.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import { launcherEnvironment } from './launcher-environment.ts';
import type { NamespaceAddress } from './namespace-listen.ts';

const ioctl = libcFunction('int ioctl(int fd, unsigned long request)');
const syscall = libcFunction('long syscall(long number, long a, long b, long c)');

/** NS_GET_USERNS of ioctl_ns(2): the user namespace that a namespace belongs to. */
const getUserNamespace = 0xb701;
/** System calls that have one number on every architecture. */
const pidfdOpen = 434;
const pidfdGetfd = 438;

const lender = fileURLToPath(import.meta.resolve('./socket-lender.ts'));
const lendMsMax = 10_000;
const wordsMax = 400;

/**
 * Bound (and, for TCP, listening) sockets in the network namespace of process `pid`, made by a
 * bubblewrap of ours. Who enters it must first enter the user namespace that it belongs to, and
 * only a process with a single thread may (setns(2)): hence a child, from which the descriptors are
 * taken (pidfd_getfd(2)). bubblewrap may have nested a second user namespace by then: the network
 * tells which one it belongs to.
 * @throws SandtrailError `SANDBOX_NETWORK` when it cannot.
 */
export async function borrowSockets(
  pid: number,
  addresses: readonly NamespaceAddress[],
): Promise<readonly number[]> {
  const network = openSync(`/proc/${pid}/ns/net`, 'r');
  const owner = ioctl(network, getUserNamespace);
  if (owner < 0) {
    closeSync(network);
    throw failure(`whom the network belongs to is not told, errno ${errno()}`);
  }
  const child = spawn(
    'nsenter',
    [
      ...['--user=/proc/self/fd/3', '--net=/proc/self/fd/4', '--preserve-credentials', '--'],
      ...[process.execPath, lender, JSON.stringify(addresses)],
    ],
    { stdio: ['pipe', 'pipe', 'pipe', owner, network], env: launcherEnvironment },
  );
  closeSync(network);
  closeSync(owner);
  try {
    const lent = await lentBy(child);
    if (lent.length !== addresses.length) throw failure(`${lent.length} sockets were lent`);
    return take(child.pid ?? 0, lent);
  } finally {
    child.kill('SIGKILL');
  }
}

const Lent = z.array(z.int().min(3)).max(8);

/** The numbers that the lender's sockets have in the lender: its first line. */
async function lentBy(child: ChildProcess): Promise<readonly number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said = { out: '', err: '' };
  const timer = setTimeout(() => child.kill('SIGKILL'), lendMsMax);
  child.once('error', (cause) => reject(failure(cause.message)));
  child.once('close', () => reject(failure(said.err.trim().slice(-wordsMax))));
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err = (said.err + chunk.toString()).slice(-wordsMax);
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out = (said.out + chunk.toString()).slice(0, wordsMax);
    if (said.out.includes('\n')) resolve(said.out);
  });
  try {
    return Lent.parse(JSON.parse(await promise));
  } finally {
    clearTimeout(timer);
  }
}

function take(pid: number, lent: readonly number[]): readonly number[] {
  const handle = syscall(pidfdOpen, pid, 0, 0);
  if (handle < 0) throw failure(`pidfd_open, errno ${errno()}`);
  const taken: number[] = [];
  try {
    for (const fd of lent) {
      const own = syscall(pidfdGetfd, handle, fd, 0);
      if (own < 0) throw failure(`pidfd_getfd, errno ${errno()}`);
      taken.push(own);
    }
    return taken;
  } catch (error) {
    for (const fd of taken) closeSync(fd);
    throw error;
  } finally {
    closeSync(handle);
  }
}

function failure(detail: string): SandtrailError {
  return new SandtrailError('SANDBOX_NETWORK', { detail });
}
