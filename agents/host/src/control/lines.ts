// JSON lines over a Unix socket: each is parsed once, at the rim, and a bad one ends the connection.
import type { Socket } from 'node:net';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type * as z from 'zod';
import { lineSizeBytesMax } from './protocol.ts';

/** A connection on which both sides send lines. */
export interface ControlLines<Out> {
  /** Sends a line; false when the connection is gone. */
  send(message: Out): boolean;
  /** Resolves when the connection is over, with the error if it was one. */
  readonly closed: Promise<Error | undefined>;
  end(): void;
}

interface LinesOptions<In> {
  readonly socket: Socket;
  readonly schema: z.ZodType<In>;
  readonly onMessage: (message: In) => void;
}

/**
 * Serves a connection. A line that is too long, not JSON or not in the schema ends it: `closed`
 * then gives a SandtrailError `CONTROL_MALFORMED`.
 */
export function controlLines<In, Out>(options: LinesOptions<In>): ControlLines<Out> {
  const { socket } = options;
  let failure: Error | undefined;
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const isTooLong = [rest, ...lines].some((line) => line.length > lineSizeBytesMax);
    failure = isTooLong ? malformed('a line is too long') : takeLines(lines, options);
    if (failure !== undefined) socket.destroy(failure);
  });
  const closed = new Promise<Error | undefined>((resolve) => {
    socket.once('error', (error) => {
      failure ??= error;
    });
    socket.once('close', () => resolve(failure));
  });
  return {
    send: (message) => {
      // A peer that does not read may hold no more than a few lines of ours in memory.
      if (socket.writableLength > 4 * lineSizeBytesMax) socket.destroy();
      if (socket.destroyed || socket.writableEnded) return false;
      socket.write(`${JSON.stringify(message, bigintAsText)}\n`);
      return true;
    },
    closed,
    end: () => socket.end(),
  };
}

function takeLines<In>(
  lines: readonly string[],
  { schema, onMessage }: LinesOptions<In>,
): Error | undefined {
  for (const line of lines) {
    const parsed = schema.safeParse(jsonOrUndefined(line));
    if (!parsed.success) return malformed(parsed.error.issues[0]?.path.join('.') || 'not JSON');
    onMessage(parsed.data);
  }
  return undefined;
}

function jsonOrUndefined(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function malformed(detail: string): SandtrailError {
  return new SandtrailError('CONTROL_MALFORMED', { detail });
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
