// DNS over TCP (RFC 7766): length-prefixed queries, answered one after the other on each connection.
import { createServer, type Server, type Socket } from 'node:net';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Reply } from './query-judge.ts';
import type { ResolverLimits } from './resolver-limits.ts';

interface TcpFrontOptions {
  readonly answer: (query: Buffer) => Reply;
  readonly limits: Pick<ResolverLimits, 'tcpConnectionsMax' | 'tcpMessageBytesMax' | 'tcpIdleMs'>;
  readonly counters: Counters;
}

/** The server, not yet listening, and how to cut its connections. */
export interface TcpFront {
  readonly server: Server;
  /** Destroys every connection; returns how many. */
  cutAll(): number;
}

/** Makes the TCP side of a resolver. */
export function createTcpFront(options: TcpFrontOptions): TcpFront {
  const { limits, counters } = options;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setTimeout(limits.tcpIdleMs, () => socket.destroy());
    serve(socket, options).catch(() => {
      counters.add('dns.errors', 1, 'tcp');
      socket.destroy();
    });
  });
  server.maxConnections = limits.tcpConnectionsMax;
  server.on('drop', () => counters.add('dns.errors', 1, 'tcp_limit'));
  return {
    server,
    cutAll() {
      for (const socket of sockets) socket.destroy();
      return sockets.size;
    },
  };
}

const lengthBytes = 2;

async function serve(socket: Socket, { answer, limits }: TcpFrontOptions): Promise<void> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of socket) {
    waiting = Buffer.concat([waiting, Buffer.from(chunk)]);
    while (waiting.length >= lengthBytes) {
      const end = lengthBytes + waiting.readUInt16BE(0);
      if (end - lengthBytes > limits.tcpMessageBytesMax) {
        socket.destroy();
        return;
      }
      if (waiting.length < end) break;
      const reply = await answer(waiting.subarray(lengthBytes, end));
      waiting = waiting.subarray(end);
      if (reply !== undefined) await send(socket, reply);
    }
  }
}

/** Waits for the client to take the answer: who does not read gets no more. */
function send(socket: Socket, reply: Buffer): Promise<void> {
  const framed = Buffer.alloc(lengthBytes + reply.length);
  framed.writeUInt16BE(reply.length, 0);
  reply.copy(framed, lengthBytes);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(framed, (error) =>
    error === undefined || error === null ? resolve() : reject(error),
  );
  return promise;
}
