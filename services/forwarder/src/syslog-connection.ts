// One connection to a syslog receiver: opened when needed, over TLS or, on loopback, without.
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DeliveryFailure } from './delivery-failure.ts';
import type { TlsFiles } from './destination-settings.ts';
import { unacknowledgedBytes } from './tcp-acknowledged.ts';
import { readTls } from './tls-settings.ts';

/** Whom to connect to. */
export interface Receiver {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
}

/**
 * In TLS 1.3 a receiver judges our certificate after we think that we are connected, and says
 * nothing when it is content: a refusal comes within this time, before anything is sent.
 */
const judgementMs = 250;
const lookMs = 5;

/** Sends bytes and learns how many of them the other side's kernel has. */
export class SyslogConnection {
  readonly #receiver: Receiver;
  #socket: Socket | undefined;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /**
   * Sends all of it; resolves with how many bytes are acknowledged: all, or fewer when the
   * connection ended or `signal` aborted before. Then the connection is closed.
   * @throws SandtrailError `DESTINATION_UNREACHABLE` or `KEY_UNUSABLE` when nothing was sent
   */
  async send(bytes: Buffer, signal: AbortSignal): Promise<number> {
    const socket = this.#socket ?? (await this.#connect(signal));
    this.#socket = socket;
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    socket.once('close', end);
    signal.addEventListener('abort', end, { once: true });
    try {
      const written = new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      await Promise.race([written, ended.promise]);
      for (;;) {
        const missing = await this.#missing(socket);
        if (missing === 0) return bytes.length;
        if (signal.aborted || socket.destroyed) {
          this.close();
          return missing === undefined ? 0 : Math.max(0, bytes.length - missing);
        }
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    } finally {
      socket.off('close', end);
      signal.removeEventListener('abort', end);
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  /** What TLS adds makes it more than what is missing of our own bytes, never less. */
  async #missing(socket: Socket): Promise<number | undefined> {
    const unacknowledged = socket.destroyed ? undefined : await unacknowledgedBytes(socket);
    return unacknowledged === undefined ? undefined : unacknowledged + socket.writableLength;
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { host, port, tls } = this.#receiver;
    const socket =
      tls === undefined
        ? connectTcp({ host, port, signal })
        : connectTls({ host, port, ...nameOf(host), ...(await readTls(tls)) });
    // Its failure is met where it is sent to: a destroyed socket has acknowledged nothing.
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.resume();
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const opened = tls === undefined ? 'connect' : 'secureConnect';
      await once(socket, opened, { signal });
      if (tls !== undefined) await new Promise((resolve) => setTimeout(resolve, judgementMs));
      if (socket.destroyed) throw new Error('the receiver closed at once');
      return socket;
    } catch (cause) {
      socket.destroy();
      const detail = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new DeliveryFailure('DESTINATION_UNREACHABLE', { detail, cause });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** An address is no server name (RFC 6066, 3); its certificate is judged by the address all the same. */
function nameOf(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}
