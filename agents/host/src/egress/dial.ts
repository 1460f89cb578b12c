// Connects to the first of a name's judged addresses that answers; nothing is resolved here.
import { connect, type Socket } from 'node:net';
import type { Flow } from './flow.ts';

interface DialOptions {
  /** Canonical addresses, already judged. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** For all attempts together. */
  readonly timeoutMs: number;
  readonly flow: Flow;
}

/** A connected socket and the address it leads to. */
export interface Dialled {
  readonly socket: Socket;
  readonly address: string;
}

/** Undefined when no address answered in time, or the flow was cut meanwhile. */
export async function dial(options: DialOptions): Promise<Dialled | undefined> {
  const { addresses, port, timeoutMs, flow } = options;
  let current: Socket | undefined;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    current?.destroy();
  }, timeoutMs);
  try {
    for (const address of addresses) {
      if (late || flow.ended !== undefined) return undefined;
      current = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
      flow.hold(current);
      if (await connected(current)) return { socket: current, address };
    }
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function connected(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  socket.once('close', () => resolve(false));
  socket.on('error', () => socket.destroy());
  return promise;
}
