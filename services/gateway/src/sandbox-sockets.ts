// The sockets of all open sandboxes: each in a directory of its own, under one that is ours alone.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxSocketAnswer } from '@sandtrail/schemas/sandbox-registration';
import type { GatewayLimits } from './config.ts';
import type { Hooks } from './hook-door.ts';
import type { Refusals } from './refusals.ts';
import type { Registration } from './sandbox-registry.ts';
import { SandboxSocket } from './sandbox-socket.ts';
import type { SenderStream, Senders } from './senders.ts';

interface SandboxSocketsOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly limits: GatewayLimits;
  readonly refusals: Refusals;
  readonly senders: Senders;
  readonly hooks: Hooks;
  readonly contained: (life: Registration) => Level | undefined;
}

interface OpenSandbox {
  readonly life: Registration;
  readonly socket: SandboxSocket;
  readonly stream: SenderStream;
}

/** Opens and closes the sockets; calls about one sandbox follow one another. */
export class SandboxSockets {
  readonly #options: SandboxSocketsOptions;
  readonly #open = new Map<string, Promise<OpenSandbox>>();

  constructor(options: SandboxSocketsOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  }

  /**
   * Opens the sockets of sandboxes that outlived an earlier run, in the directories that they have
   * mounted, and removes all other directories.
   */
  async restore(lives: readonly Registration[]): Promise<void> {
    const kept = new Set(lives.map(keyOf));
    for (const name of readdirSync(this.#options.dir)) {
      if (!kept.has(name)) rmSync(join(this.#options.dir, name), { recursive: true, force: true });
    }
    for (const life of lives) await this.open(life);
  }

  /** Opens a sandbox's socket, or returns the one that is open. @throws `LISTEN_REFUSED` */
  async open(life: Registration): Promise<SandboxSocketAnswer> {
    const key = keyOf(life);
    const directory = join(this.#options.dir, key);
    const socketPath = join(directory, 'gateway.sock');
    const opening = this.#open.get(key) ?? this.#listen(life, { directory, socketPath });
    this.#open.set(key, opening);
    try {
      await opening;
    } catch (error) {
      this.#open.delete(key);
      throw error;
    }
    return { directory, socketPath };
  }

  /** The sandbox has ended: closes its socket and removes its directory. */
  async end(life: Registration): Promise<void> {
    await this.#close(life, 'the sandbox has ended');
    rmSync(join(this.#options.dir, keyOf(life)), { recursive: true, force: true });
  }

  /** The gateway stops: closes all sockets. Directories stay, since sandboxes have them mounted. */
  async close(): Promise<void> {
    const lives = [...this.#open.values()].map(async (opening) => (await opening).life);
    for (const life of await Promise.all(lives)) await this.#close(life, 'the gateway stops');
  }

  /** Closes the socket, then the stream: nothing of the sandbox's senders follows. */
  async #close(life: Registration, reason: string): Promise<void> {
    const key = keyOf(life);
    const opening = this.#open.get(key);
    if (opening === undefined) return;
    this.#open.delete(key);
    const { socket, stream } = await opening;
    await socket.close();
    await stream.close(reason);
  }

  async #listen(life: Registration, paths: SandboxSocketAnswer): Promise<OpenSandbox> {
    const { clock, counters, limits, refusals, senders, hooks, contained } = this.#options;
    mkdirSync(paths.directory, { recursive: true, mode: 0o755 });
    const stream = await senders.open(life);
    const { tenant, uid, incarnation } = life;
    try {
      const socket = await SandboxSocket.open({
        path: paths.socketPath,
        life,
        stream,
        clock,
        counters,
        limits,
        hooks,
        contained: () => contained(life),
        onRefused: ({ code, claimed }) =>
          refusals.add({
            subject: { tenant, sandbox: uid, incarnation },
            code,
            claimedSandbox: claimed?.sandbox,
            claimedKind: claimed?.kind,
          }),
      });
      return { life, socket, stream };
    } catch (error) {
      await stream.close('its socket could not be opened');
      throw error;
    }
  }
}

/** A short name: the path of a socket may have 107 bytes, a uid alone 63. */
function keyOf({ uid, incarnation }: Registration): string {
  return createHash('sha256').update(`${uid}:${incarnation}`).digest('hex').slice(0, 16);
}
