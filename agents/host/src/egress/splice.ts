// Joins two sockets of one flow: bytes go both ways with backpressure, ends and failures reach both.
import type { Socket } from 'node:net';
import type { Dialled } from './dial.ts';
import type { Flow } from './flow.ts';

interface SpliceOptions {
  readonly flow: Flow;
  readonly client: Socket;
  readonly upstream: Socket;
  /** Bytes of the client that were read already and go first. */
  readonly first: Buffer;
}

/** From here on the flow lives as long as its two sockets; half-closed directions stay half closed. */
export function splice({ flow, client, upstream, first }: SpliceOptions): void {
  let open = 2;
  const closed = () => {
    open -= 1;
    if (open === 0) flow.end('closed');
  };
  for (const socket of [client, upstream]) {
    socket.once('close', closed);
    socket.on('error', () => flow.end('error'));
    // A socket can die between the decision and here.
    if (socket.destroyed) flow.end('error');
  }
  if (first.length > 0) upstream.write(first);
  client.pipe(upstream);
  if (upstream.listenerCount('data') === 0) upstream.pipe(client);
}

/** Makes the flow busy while bytes go to or come from the destination. */
export function countBytes(flow: Flow, { socket }: Dialled): void {
  flow.count(() => ({ out: socket.bytesWritten, in: socket.bytesRead }));
}
