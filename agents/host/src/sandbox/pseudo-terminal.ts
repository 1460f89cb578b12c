// A terminal of the sandbox's own: the user's keys go in, its screen comes out, sizes follow.
import { strict as assert } from 'node:assert';
import { closeSync, write } from 'node:fs';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';
import { systemErrorCode } from './system-error.ts';

const openpty = libcFunction(
  'int openpty(void *master, void *slave, void *name, void *termios, void *winsize)',
);
const ioctl = libcFunction('int ioctl(int fd, unsigned long request, void *argument)');
const fcntl = libcFunction('int fcntl(int fd, int command, int argument)');

const setWindowSize = 0x5414;
const setDescriptorFlags = 2;
const duplicateCloseOnExec = 1030;
const setStatusFlags = 4;
const closeOnExec = 1;
const readWriteNonblock = 0o2 | 0o4000;
const retryMs = 5;

/** Columns and rows of a terminal. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** The two ends of a pseudo-terminal (pty(7)). */
export interface PseudoTerminal {
  /** For the child; `release` closes our copy once the child has it. */
  readonly slaveFd: number;
  release(): void;
  readonly input: Writable;
  readonly output: Readable;
  resize(size: WindowSize): void;
  /** Lets go of both ends. */
  close(): void;
}

/** Opens a pseudo-terminal (openpty(3)); its master end is ours. */
export function openPseudoTerminal(size: WindowSize): PseudoTerminal {
  const fds = Buffer.alloc(8);
  const opened = openpty(fds, fds.subarray(4), null, null, windowSize(size));
  assert(opened === 0, `openpty succeeds (errno ${errno()})`);
  const [master, slaveFd] = [fds.readInt32LE(0), fds.readInt32LE(4)];
  for (const fd of [master, slaveFd]) fcntl(fd, setDescriptorFlags, closeOnExec);
  fcntl(master, setStatusFlags, readWriteNonblock);
  let isReleased = false;
  const release = () => {
    if (!isReleased) closeSync(slaveFd);
    isReleased = true;
  };
  const input = inputOf(master);
  const screen = new ReadStream(master);
  return {
    slaveFd,
    release,
    input,
    output: outputOf(screen),
    close: () => {
      release();
      input.destroy();
      screen.destroy();
    },
    resize: (next) => {
      ioctl(master, setWindowSize, windowSize(next));
    },
  };
}

/** `struct winsize`: rows, columns and two unused fields. */
function windowSize({ columns, rows }: WindowSize): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(rows, 0);
  bytes.writeUInt16LE(columns, 2);
  return bytes;
}

/** The screen. When the last process has closed the terminal, Linux answers EIO: that is the end. */
function outputOf(raw: ReadStream): Readable {
  const output = new PassThrough();
  raw.once('error', (error) => {
    if (systemErrorCode(error) === 'EIO') output.end();
    else output.destroy(error);
  });
  raw.once('close', () => output.end());
  raw.pipe(output);
  return output;
}

/**
 * The keyboard. A full terminal queue answers EAGAIN; then the writer waits and its source pauses.
 * It has a descriptor of its own, so that it never writes to a number that was closed and reused.
 */
function inputOf(master: number): Writable {
  const fd = fcntl(master, duplicateCloseOnExec, 0);
  assert(fd >= 0, `fcntl duplicates the terminal (errno ${errno()})`);
  let over = false;
  const send = (bytes: Buffer, done: (error?: Error | null) => void) => {
    if (over) return done();
    write(fd, bytes, (error, written) => {
      const code = systemErrorCode(error);
      if (code === 'EAGAIN') setTimeout(send, retryMs, bytes, done);
      else if (code === 'EIO') done();
      else if (error !== null) done(error);
      else if (written < bytes.length) send(bytes.subarray(written), done);
      else done();
    });
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => send(chunk, done),
    destroy: (error, done) => {
      over = true;
      closeSync(fd);
      done(error);
    },
  });
}
