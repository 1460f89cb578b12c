// The user's side of a command: keys and bytes go in, output comes out unchanged and is recorded.
import { type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Launched } from './launch.ts';
import { openPseudoTerminal, type PseudoTerminal, type WindowSize } from './pseudo-terminal.ts';
import { systemErrorCode } from './system-error.ts';

/** The runner's standard streams; `process` has them. */
export interface RunnerIo {
  readonly stdin: Readable & {
    readonly isTTY?: boolean;
    setRawMode?(mode: boolean): unknown;
  };
  readonly stdout: Writable & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly stderr: Writable;
}

type Channel = 'stdout' | 'stderr' | 'terminal';

/** Connected streams. */
export interface Stdio {
  /** Descriptor for the child's terminal; `undefined` without one. */
  readonly terminalFd: number | undefined;
  /** Starts the flow, once the child is there. */
  attach(launched: Launched, record: (channel: Channel, chunk: Buffer) => void): void;
  /** Resolves when the last output has been handed on; restores the user's terminal. */
  finish(): Promise<void>;
}

/** After the command's end its pipes are empty at once; longer waits are for a user who reads slowly. */
const drainMsMax = 10_000;

/** A terminal when the user sits at one, else three pipes. */
export function openStdio(io: RunnerIo): Stdio {
  return io.stdin.isTTY === true && io.stdout.isTTY === true ? terminalStdio(io) : pipeStdio(io);
}

function pipeStdio(io: RunnerIo): Stdio {
  let flows: readonly Promise<void>[] = [];
  let input: Writable | undefined;
  return {
    terminalFd: undefined,
    attach: ({ stdin, stdout, stderr }, record) => {
      input = stdin;
      // The command may end before it has read everything.
      stdin?.on('error', () => stdin.destroy());
      if (stdin !== undefined) io.stdin.pipe(stdin);
      flows = [
        flow(stdout, io.stdout, (chunk) => record('stdout', chunk)),
        flow(stderr, io.stderr, (chunk) => record('stderr', chunk)),
      ];
    },
    finish: async () => {
      if (input !== undefined) io.stdin.unpipe(input);
      input?.destroy();
      io.stdin.pause();
      await Promise.race([Promise.all(flows), delay(drainMsMax, undefined, { ref: false })]);
    },
  };
}

function terminalStdio(io: RunnerIo): Stdio {
  const terminal = openPseudoTerminal(sizeOf(io.stdout));
  const resize = () => terminal.resize(sizeOf(io.stdout));
  let flows: readonly Promise<void>[] = [];
  return {
    terminalFd: terminal.slaveFd,
    attach: (_launched, record) => {
      terminal.release();
      io.stdin.setRawMode?.(true);
      io.stdin.pipe(terminal.input);
      io.stdout.on('resize', resize);
      flows = [flow(terminal.output, io.stdout, (chunk) => record('terminal', chunk))];
    },
    finish: async () => {
      await Promise.race([Promise.all(flows), delay(drainMsMax, undefined, { ref: false })]);
      detach(io, terminal, resize);
    },
  };
}

function detach(io: RunnerIo, terminal: PseudoTerminal, resize: () => void): void {
  io.stdin.unpipe(terminal.input);
  terminal.close();
  io.stdout.off('resize', resize);
  io.stdin.setRawMode?.(false);
  io.stdin.pause();
}

function sizeOf({ columns = 80, rows = 24 }: RunnerIo['stdout']): WindowSize {
  return { columns, rows };
}

/** Hands bytes on at the pace of the reader; a reader that is gone closes the command's pipe. */
async function flow(
  source: Readable | undefined,
  sink: Writable,
  record: (chunk: Buffer) => void,
): Promise<void> {
  if (source === undefined) return;
  const tee = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      record(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(source, tee, sink, { end: false });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
