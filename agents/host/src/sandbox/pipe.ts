// A real pipe: Node's own "pipe" is a socket pair, whose end `/dev/stdout` inside cannot be opened.
import { strict as assert } from 'node:assert';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';

const pipe2 = libcFunction('int pipe2(void *fds, int flags)');
const closeOnExec = 0o2000000;

/** A pipe of which one end is for a child and one is a stream of ours. */
export interface ChildPipe {
  readonly childFd: number;
  readonly stream: Socket;
  /** Closes our copy of the child's end, once the child has it. */
  release(): void;
}

/** A pipe (pipe2(2)) that the child reads (`stdin`) or writes. */
export function openChildPipe(childDoes: 'read' | 'write'): ChildPipe {
  const fds = Buffer.alloc(8);
  assert(pipe2(fds, closeOnExec) === 0, `pipe2 succeeds (errno ${errno()})`);
  const [readFd, writeFd] = [fds.readInt32LE(0), fds.readInt32LE(4)];
  const [childFd, fd] = childDoes === 'read' ? [readFd, writeFd] : [writeFd, readFd];
  const readable = childDoes === 'write';
  const stream = new Socket({ fd, readable, writable: !readable });
  return { childFd, stream, release: () => closeSync(childFd) };
}
