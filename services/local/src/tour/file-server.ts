// The server that the tour's policy allows: a file on loopback, as a package registry would be.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running server; `port` is a free one. */
export interface FileServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/hello.txt` on 127.0.0.1 until closed. */
export async function startFileServer(): Promise<FileServer> {
  const server = createServer((request, response) => {
    const found = request.url === '/hello.txt';
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain' });
    response.end(found ? 'hello from a place that the policy allows\n' : 'not here\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
