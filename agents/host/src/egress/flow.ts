// What is under way through one sandbox's proxy: each flow, its sockets, and how to cut it.
import type { Socket } from 'node:net';
import type { Clock } from '@sandtrail/runtime/clock';
import type { EgressLimits } from './egress-limits.ts';

/** How a flow ended; the same words as in `network.flow`. */
export type FlowEnd = 'closed' | 'error' | 'contained' | 'timeout';

/**
 * One allowed request or tunnel, from its decision to its end. Whatever awaits something for it
 * looks at `ended` afterwards: a flow that was cut meanwhile must not come to life.
 */
export interface Flow {
  readonly startedMs: number;
  readonly ended: FlowEnd | undefined;
  /** Hands a socket to the flow: it dies with it. At once, where the flow is over already. */
  hold(socket: Socket): void;
  /** Bytes that came from and went to the destination so far; makes the flow count as busy. */
  count(bytes: () => { readonly out: number; readonly in: number }): void;
  /**
   * Ends the flow once. Unless it simply closed, its sockets are destroyed; those of a cut flow are
   * reset.
   */
  end(how: FlowEnd): void;
}

interface FlowsOptions {
  readonly clock: Clock;
  readonly limits: Pick<EgressLimits, 'idleMs' | 'totalMs' | 'sweepMs'>;
}

/** The flows of one sandbox; `open` fails to open nothing, the caller has decided already. */
export class FlowTable {
  readonly #flows = new Set<LiveFlow>();
  readonly #clock: Clock;
  readonly #limits: FlowsOptions['limits'];
  readonly #sweep: NodeJS.Timeout;

  constructor({ clock, limits }: FlowsOptions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#sweep = setInterval(() => this.#endOverdue(), limits.sweepMs);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#flows.size;
  }

  /** Registers a flow; `onEnd` runs once, when it is over. */
  open(onEnd: (how: FlowEnd) => void): Flow {
    const flow = new LiveFlow(this.#clock.monotonicMs(), (how) => {
      this.#flows.delete(flow);
      onEnd(how);
    });
    this.#flows.add(flow);
    return flow;
  }

  /** Cuts everything that is under way, now; returns how many flows that were. */
  cutAll(how: FlowEnd): number {
    const flows = [...this.#flows];
    for (const flow of flows) flow.end(how);
    return flows.length;
  }

  close(): void {
    clearInterval(this.#sweep);
    this.cutAll('closed');
  }

  #endOverdue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const flow of this.#flows) {
      const idle = flow.idleMs(nowMs) > this.#limits.idleMs;
      if (idle || nowMs - flow.startedMs > this.#limits.totalMs) flow.end('timeout');
    }
  }
}

class LiveFlow implements Flow {
  readonly startedMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #onEnd: (how: FlowEnd) => void;
  #ended: FlowEnd | undefined;
  #bytes = () => ({ out: 0, in: 0 });
  #seenBytes = -1;
  #seenMs: number;

  constructor(startedMs: number, onEnd: (how: FlowEnd) => void) {
    this.startedMs = startedMs;
    this.#seenMs = startedMs;
    this.#onEnd = onEnd;
  }

  get ended(): FlowEnd | undefined {
    return this.#ended;
  }

  hold(socket: Socket): void {
    if (this.#ended === undefined) this.#sockets.add(socket);
    else socket.destroy();
  }

  count(bytes: () => { readonly out: number; readonly in: number }): void {
    this.#bytes = bytes;
  }

  idleMs(nowMs: number): number {
    const bytes = this.#bytes();
    const sum = bytes.out + bytes.in;
    if (sum !== this.#seenBytes) {
      this.#seenBytes = sum;
      this.#seenMs = nowMs;
    }
    return nowMs - this.#seenMs;
  }

  end(how: FlowEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    this.#onEnd(how);
    if (how !== 'closed') for (const socket of this.#sockets) destroy(socket, how);
    this.#sockets.clear();
  }
}

function destroy(socket: Socket, how: FlowEnd): void {
  // A plain close still sends what the kernel has buffered; a reset throws it away. On a socket that
  // is still connecting a reset would wait for the connection.
  if (how === 'contained' && !socket.connecting) socket.resetAndDestroy();
  else socket.destroy();
}
