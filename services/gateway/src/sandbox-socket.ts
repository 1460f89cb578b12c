// The socket of one sandbox: lines from inside it go to the kit, each is answered; it is its identity.
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import type { GatewayLimits } from './config.ts';
import { createHookDoor, type Hooks } from './hook-door.ts';
import { errorAnswer } from './http-error.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Registration } from './sandbox-registry.ts';
import { type RefusedLine, readSenderLine } from './sender-line.ts';
import type { SenderLoss, SenderStream } from './senders.ts';
import { TokenBucket } from './token-bucket.ts';

const lineSizeBytesMax = 256 * 1024;
/** Beside the socket for lines; its name is shorter, so that its path fits where that one fits. */
const hookSocketName = 'hooks.sock';
/** Linux: `sun_path` of unix(7), with its closing NUL. */
const pathBytesMax = 107;

/** What one sandbox's socket needs. */
export interface SandboxSocketOptions {
  readonly path: string;
  readonly life: Pick<Registration, 'uid' | 'incarnation'>;
  readonly stream: SenderStream;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits: GatewayLimits;
  /** Told of lines that claim what this sandbox may not. */
  readonly onRefused: (line: RefusedLine) => void;
  readonly hooks: Hooks;
  /** The rung on which the sandbox is held; undefined when it is free. */
  readonly contained: () => Level | undefined;
}

/** A listening socket; its rate is the sandbox's, however many connections it opens. */
export class SandboxSocket {
  readonly #options: SandboxSocketOptions;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #lines: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #closing = new AbortController();
  readonly #hookDoor: HttpServer;

  private constructor(options: SandboxSocketOptions) {
    this.#options = options;
    const { linesPerSecond, linesBurst, lineBytesPerSecond } = options.limits;
    const nowMs = options.clock.monotonicMs();
    this.#lines = new TokenBucket({ perSecond: linesPerSecond, burst: linesBurst, nowMs });
    const burst = Math.max(lineBytesPerSecond, lineSizeBytesMax);
    this.#bytes = new TokenBucket({ perSecond: lineBytesPerSecond, burst, nowMs });
    this.#hookDoor = createHookDoor({
      hooks: options.hooks,
      bodySizeBytesMax: lineSizeBytesMax,
      nowNs: () => options.clock.nowNs(),
      allow: (sizeBytes) => this.#allowance(this.#bytes, sizeBytes),
      claim: (observation) => this.#claim(observation),
      contained: options.contained,
      connectionsMax: options.limits.connectionsPerSandboxMax,
      onFailed: (reason) => {
        options.counters.add('gateway.hooks_failed', 1, reason);
        this.#lose(reason, 1);
      },
    });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#connected(socket));
  }

  /** @throws SandtrailError `LISTEN_REFUSED` when the path is too long or cannot be bound */
  static async open(options: SandboxSocketOptions): Promise<SandboxSocket> {
    const { path } = options;
    if (Buffer.byteLength(path) > pathBytesMax) {
      throw new SandtrailError('LISTEN_REFUSED', { detail: `over ${pathBytesMax} bytes: ${path}` });
    }
    const opened = new SandboxSocket(options);
    await listen(opened.#server, path);
    await listen(opened.#hookDoor, join(dirname(path), hookSocketName));
    return opened;
  }

  /** Ends the connections; lines that were answered are the kit's. */
  async close(): Promise<void> {
    this.#closing.abort();
    const closed = [this.#server, this.#hookDoor].map((server) => once(server, 'close'));
    this.#server.close();
    this.#hookDoor.close();
    this.#hookDoor.closeAllConnections();
    for (const socket of this.#connections) socket.destroy();
    await Promise.all(closed);
  }

  #connected(socket: Socket) {
    const { counters, limits } = this.#options;
    if (this.#connections.size >= limits.connectionsPerSandboxMax) {
      counters.add('gateway.connections_refused');
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    this.#serve(socket).catch(() => {
      // The peer went away or the sandbox is closing: what was answered stands.
      counters.add('gateway.connections_cut');
      socket.destroy();
    });
  }

  async #serve(socket: Socket): Promise<void> {
    const splitter = new LineSplitter({ sizeBytesMax: lineSizeBytesMax });
    let last = -1;
    for await (const chunk of socket) {
      if (!Buffer.isBuffer(chunk)) return;
      await this.#allowance(this.#bytes, chunk.length);
      const answers: string[] = [];
      for (const split of splitter.push(chunk)) {
        await this.#allowance(this.#lines, 1);
        const { answer, n } = this.#takeLine(split, last);
        last = n;
        answers.push(`${JSON.stringify(answer)}\n`);
      }
      const isDrained = answers.length === 0 || socket.write(answers.join(''));
      // A sender that does not read its answers is not read either.
      if (!isDrained) await once(socket, 'drain', { signal: this.#closing.signal });
    }
    socket.end();
  }

  /** Waits until the sandbox may send that much: a flood is slowed down and nothing of it is lost. */
  async #allowance(bucket: TokenBucket, amount: number): Promise<void> {
    const { clock, counters } = this.#options;
    for (;;) {
      const waitMs = bucket.take(amount, { nowMs: clock.monotonicMs() });
      if (waitMs === 0) return;
      counters.add('gateway.lines_delayed');
      await delay(waitMs, undefined, { signal: this.#closing.signal });
    }
  }

  #takeLine(split: { readonly line: Buffer } | { readonly oversize: true }, last: number) {
    const result = this.#judge(split, last);
    const { counters, stream } = this.#options;
    counters.add('gateway.lines');
    if (result.ok) {
      stream.emit(result.observation);
      return { answer: { n: result.n, ok: true }, n: result.n };
    }
    counters.add('gateway.lines_refused', 1, result.code);
    this.#lose(result.code === 'LINE_OVERSIZE' ? 'oversize' : 'malformed', 1);
    this.#options.onRefused(result);
    const { code, detail, n } = result;
    return { answer: { n, ...errorAnswer(code, detail) }, n: Math.max(last, n ?? last) };
  }

  /** A hook has no counter of its own: what it claims is judged as a line's claim is. */
  #claim(observation: Observation): void {
    const { counters, stream, life, clock, onRefused } = this.#options;
    const line = Buffer.from(JSON.stringify({ n: 0, ...observation }));
    const result = readSenderLine(line, { uid: life.uid, receivedAtNs: clock.nowNs() });
    counters.add('gateway.lines');
    if (result.ok) {
      stream.emit(result.observation);
      return;
    }
    counters.add('gateway.lines_refused', 1, result.code);
    this.#lose('malformed', 1);
    onRefused(result);
  }

  #judge(split: { readonly line: Buffer } | { readonly oversize: true }, last: number) {
    const { life, clock } = this.#options;
    if ('oversize' in split) {
      const detail = `over ${lineSizeBytesMax} bytes`;
      return { ok: false, code: 'LINE_OVERSIZE', detail } as const;
    }
    const receivedAtNs = clock.nowNs();
    const result = readSenderLine(split.line, { uid: life.uid, receivedAtNs });
    if (result.n === undefined) return result;
    const { n } = result;
    if (n <= last) {
      return { ok: false, n, code: 'COUNTER_REPEATED', detail: `${n} after ${last}` } as const;
    }
    // The sender counts what it wanted to send: a hole is what it lost.
    if (n > last + 1) this.#lose('ring_full', n - last - 1);
    return result;
  }
  /** Losses are claims too, but ones that nobody gains by: the kit joins them to few gaps. */
  #lose(reason: SenderLoss['reason'], count: number) {
    const { stream, clock } = this.#options;
    const nowNs = clock.nowNs();
    const source = reason === 'ring_full' ? 'sender-counter' : 'sender-line';
    stream.lost({ source, count: BigInt(count), firstNs: nowNs, lastNs: nowNs, reason });
  }
}

/** Listens on a path of its own; a leftover file of a dead process is replaced. */
async function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new SandtrailError('LISTEN_REFUSED', { detail: path, cause });
  });
  // The directory above is its owner's alone; whoever is in the sandbox may connect.
  chmodSync(path, 0o666);
}
