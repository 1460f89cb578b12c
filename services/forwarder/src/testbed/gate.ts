// A gate before a receiver: open, shut, hanging, or falling in the middle of a message.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** How the gate stands for connections that come and for those that are there. */
export type GateState = 'open' | 'shut' | 'hanging' | { readonly cutAfterBytes: number };

/** A gate that listens on a free port. */
export interface Gate {
  readonly port: number;
  set(state: GateState): void;
  close(): Promise<void>;
}

/** Opens a gate before a port of loopback. */
export async function openGate(target: number): Promise<Gate> {
  let state: GateState = 'open';
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    keep(sockets, client);
    if (state === 'shut') return client.destroy();
    // What hangs takes connections and says nothing.
    if (state === 'hanging') return client.pause();
    const onward = connect({ host: '127.0.0.1', port: target });
    keep(sockets, onward);
    client.on('close', () => onward.destroy());
    onward.on('close', () => client.destroy());
    onward.pipe(client);
    if (typeof state !== 'object') return client.pipe(onward);
    let left = state.cutAfterBytes;
    return client.on('data', (bytes: Buffer) => {
      onward.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) client.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    set(next) {
      state = next;
      end();
    },
    async close() {
      end();
      server.close();
      await once(server, 'close');
    },
  };
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}
