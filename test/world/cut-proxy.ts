// A TCP proxy before a server that loses answers, goes silent or goes away when the test says so.
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** What the proxy does: carries bytes; loses all answers, then cuts; or lets nobody in. */
export type Conduct = 'carry' | 'lose answers' | 'refuse';

/** The proxy; `conduct` may change at any time. */
export class CutProxy {
  readonly #server = createServer((client) => this.#carry(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: () => number;
  #conduct: Conduct = 'carry';
  /** Where it listens; undefined before it does. */
  port: number | undefined;
  /** Answers that were lost since the conduct was set. */
  lost = 0;

  /** `target` gives the port on this machine that it stands before. */
  constructor(target: () => number) {
    this.#target = target;
  }

  /** Listens; resolves with its port. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    return this.port;
  }

  set conduct(conduct: Conduct) {
    this.#conduct = conduct;
    this.lost = 0;
    if (conduct === 'refuse') this.#cutAll();
  }

  async close(): Promise<void> {
    this.#cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(client: Socket): void {
    if (this.#conduct === 'refuse') {
      client.destroy();
      return;
    }
    const server = createConnection({ port: this.#target(), host: '127.0.0.1' });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // A cut is what this is for; the other half goes with it.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      if (this.#conduct !== 'lose answers') {
        client.write(bytes);
        return;
      }
      this.lost += 1;
      client.destroy();
    });
  }
}
