// The host daemon's control socket: runners register sandboxes on it, the responder contains them.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { chmodSync, chownSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Watching } from '../docker/scheduler.ts';
import type { Containment } from '../driver/containment.ts';
import type { EgressState, EgressSwitch } from '../driver/driver.ts';
import type { RequestAdmission } from '../driver/signed-request.ts';
import type { RegisteredSandboxes } from '../registered-sandboxes.ts';
import { type ControlLines, controlLines } from './lines.ts';
import { type PeerCredentials, peerOf } from './peer.ts';
import { type FromHost, type Registration, ToHost } from './protocol.ts';

interface ControlServerOptions {
  readonly socketPath: string;
  /** Who may connect beside root and this process's own user: the responder's user. */
  readonly responderUid: number | undefined;
  readonly sandboxes: RegisteredSandboxes;
  readonly containment: Pick<Containment, 'contain'>;
  readonly admission: RequestAdmission;
  /** Watches a container that runs already. @throws SandtrailError as its scheduler */
  readonly watchContainer: (wish: ContainerWish) => Promise<Watching>;
  readonly counters: Counters;
  readonly logger: Logger;
}

type ContainerWish = Omit<Extract<ToHost, { type: 'watch' }>, 'type' | 'id'>;

/** A running server. */
export interface ControlServer {
  close(): Promise<void>;
}

const connectionsMax = 1024;
const ownUid = process.getuid?.() ?? 0;

/**
 * Listens on a Unix socket of mode 0660 (owner: this user, group unchanged; with a responder's user
 * that is not ours, the socket is given to that user). A file left by a dead daemon is replaced.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    admitConnection(socket, options);
  });
  server.maxConnections = connectionsMax;
  rmSync(options.socketPath, { force: true });
  server.listen(options.socketPath);
  await once(server, 'listening');
  chmodSync(options.socketPath, 0o660);
  if (options.responderUid !== undefined && ownUid === 0) {
    chownSync(options.socketPath, options.responderUid, 0);
  }
  return {
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function admitConnection(socket: Socket, options: ControlServerOptions): void {
  const peer = peerOf(socket);
  const isAllowed = peer !== undefined && [0, ownUid, options.responderUid].includes(peer.uid);
  if (!isAllowed) {
    options.counters.add('control.refused', 1, 'peer');
    socket.destroy();
    return;
  }
  const connection = new ControlConnection(socket, peer, options);
  connection.closed.catch((error: unknown) => {
    options.logger.error('a control connection failed', { detail: String(error) });
  });
}

/** One connection: a runner with its one sandbox, or a responder. */
class ControlConnection {
  readonly closed: Promise<void>;
  readonly #options: ControlServerOptions;
  readonly #peer: PeerCredentials;
  readonly #lines: ControlLines<FromHost>;
  readonly #asked = new Map<number, (state: EgressState) => void>();
  #nextAsk = 0;
  #registered: Promise<void> | undefined;
  #isUnregistered = false;

  constructor(socket: Socket, peer: PeerCredentials, options: ControlServerOptions) {
    this.#options = options;
    this.#peer = peer;
    this.#lines = controlLines({
      socket,
      schema: ToHost,
      onMessage: (message) => this.#take(message),
    });
    this.closed = this.#lines.closed.then((error) => this.#over(error));
  }

  #take(message: ToHost): void {
    switch (message.type) {
      case 'register':
        this.#answer(message.id, this.#register(message.id, message.sandbox));
        return;
      case 'unregister':
        this.#answer(message.id, this.#unregister(message.id));
        return;
      case 'ping':
        this.#lines.send({ type: 'pong' });
        return;
      case 'egress':
        this.#asked.get(message.id)?.({ openFlows: message.openFlows, denied: message.denied });
        this.#asked.delete(message.id);
        return;
      case 'contain':
        this.#answer(message.id, this.#contain(message.id, message.signed));
        return;
      case 'watch':
        this.#answer(message.id, this.#watch(message));
        return;
      case 'status':
        this.#lines.send({ type: 'sandboxes', id: message.id, sandboxes: this.#list() });
        return;
      default:
        message satisfies never;
    }
  }

  /** Turns a refusal into an answer with its code; anything else is our own fault and logged. */
  #answer(id: number, work: Promise<void>): void {
    work.catch((error: unknown) => {
      const isRefusal = error instanceof SandtrailError;
      const code = isRefusal ? error.code : 'INTERNAL';
      const detail = isRefusal ? error.detail : 'see the log of the host daemon';
      this.#options.counters.add('control.refused', 1, code);
      if (!isRefusal) this.#options.logger.error('a request failed', { detail: String(error) });
      this.#lines.send({ type: 'refused', id, code, detail: detail.slice(0, 1024) });
    });
  }

  async #register(id: number, registration: Registration): Promise<void> {
    const mayRegister = this.#peer.uid === 0 || this.#peer.uid === ownUid;
    if (!mayRegister || this.#registered !== undefined) {
      throw new SandtrailError('CONTROL_DENIED', { detail: 'register' });
    }
    const { sandboxes } = this.#options;
    const added = sandboxes.add(registration, {
      egress: this.#egress(),
      level: (level) => {
        this.#lines.send({ type: 'level', level });
      },
      owner: this,
    });
    this.#registered = added.then(() => undefined);
    // Whoever waits for the connection's end hears of the failure through the answer.
    this.#registered.catch(() => {
      this.#registered = undefined;
    });
    this.#lines.send({ type: 'armed', id, collectors: [...(await added)] });
  }

  async #unregister(id: number): Promise<void> {
    this.#isUnregistered = true;
    await this.#registered;
    const streams = await this.#options.sandboxes.remove(this);
    this.#lines.send({ type: 'unregistered', id, streams: [...streams] });
  }

  async #contain(id: number, signed: Parameters<RequestAdmission['open']>[0]): Promise<void> {
    const request = this.#options.admission.open(signed);
    await this.#options.containment.contain(request, (result) => {
      this.#lines.send({ type: 'result', id, result });
    });
    this.#lines.send({ type: 'done', id });
  }

  async #watch({ id, ...wish }: Extract<ToHost, { type: 'watch' }>): Promise<void> {
    if (this.#peer.uid !== 0 && this.#peer.uid !== ownUid) {
      throw new SandtrailError('CONTROL_DENIED', { detail: 'watch' });
    }
    const watching = await this.#options.watchContainer(wish);
    const { unenforced } = watching;
    this.#lines.send({ ...watching, unenforced: [...unenforced], type: 'watching', id });
  }

  #list() {
    return this.#options.sandboxes.list();
  }

  #egress(): EgressSwitch {
    const ask = (what: 'deny' | 'allow' | 'status') =>
      new Promise<EgressState>((resolve, reject) => {
        const id = this.#nextAsk;
        this.#nextAsk += 1;
        // Unanswered questions of a runner that hangs do not pile up.
        const [oldest] = this.#asked.keys();
        if (this.#asked.size >= 64 && oldest !== undefined) this.#asked.delete(oldest);
        this.#asked.set(id, resolve);
        const isSent = this.#lines.send({ type: 'ask', id, what });
        if (!isSent) reject(new SandtrailError('CONTROL_LOST', { detail: 'runner' }));
      });
    return { deny: () => ask('deny'), allow: () => ask('allow'), status: () => ask('status') };
  }

  async #over(error: Error | undefined): Promise<void> {
    if (error !== undefined) {
      this.#options.counters.add('control.refused', 1, 'connection');
      this.#options.logger.warn('a control connection ended badly', { detail: error.message });
    }
    if (this.#registered === undefined || this.#isUnregistered) return;
    await this.#registered;
    assert(!this.#isUnregistered, 'a connection that said good-bye is not adopted');
    await this.#options.sandboxes.orphaned(this);
  }
}
