// A runner's hold on the host daemon: without it nobody watches the kernel, so the sandbox waits.
import type { Clock } from '@sandtrail/runtime/clock';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import { connectHost, type HostConnection } from '../control/client.ts';
import type { ArmedCollector, EndedStream, Registration } from '../control/protocol.ts';
import type { Driver, Target } from '../driver/driver.ts';

interface HostLinkOptions {
  readonly socketPath: string;
  readonly registration: Omit<Registration, 'level' | 'frozen'>;
  readonly driver: Driver;
  readonly target: Target;
  readonly clock: Clock;
  /** A daemon that says nothing for so long counts as lost. */
  readonly silenceMsMax: number;
  /** How long the sandbox waits, frozen, for a daemon to come back; then `onAbandoned`. */
  readonly lossMsMax: number;
  readonly onLevel: (level: Level) => void;
  readonly onFrozen: (reason: string) => void;
  readonly onAbandoned: () => Promise<void>;
}

const retryMs = 200;

/** Registered with the daemon, and again after each loss. */
export class HostLink {
  readonly #options: HostLinkOptions;
  readonly #stopping = new AbortController();
  #connection: HostConnection | undefined;
  #level: Level = 'L0';
  #frozen = false;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: HostLinkOptions) {
    this.#options = options;
  }

  /** The rung on which the sandbox stands, as the daemon last said. */
  get level(): Level {
    return this.#level;
  }

  /**
   * Registers; resolves when every collector is armed.
   * @throws SandtrailError `CONTROL_LOST`, `CONTROL_DENIED`.
   */
  async arm(): Promise<readonly ArmedCollector[]> {
    const collectors = await this.#register();
    this.#kept = this.#keep();
    return collectors;
  }

  /** Says good-bye; resolves with where the daemon's streams about the sandbox ended. */
  async leave(): Promise<readonly EndedStream[]> {
    this.#stopping.abort();
    const streams = await this.#connection?.unregister().catch(lostMeanwhile);
    this.#connection?.close();
    await this.#kept;
    return streams ?? [];
  }

  async #register(): Promise<readonly ArmedCollector[]> {
    const { socketPath, clock, silenceMsMax, target, registration } = this.#options;
    const connection = await connectHost({
      socketPath,
      egress: target.egress,
      clock,
      silenceMsMax,
      onLevel: (level) => {
        this.#level = level;
        this.#options.onLevel(level);
      },
    });
    try {
      const level = this.#level;
      const collectors = await connection.register({
        ...registration,
        level,
        frozen: this.#frozen,
      });
      this.#connection = connection;
      // Whether to thaw was the daemon's to decide: it knows of containment.
      this.#frozen = false;
      return collectors;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#connection?.closed;
      if (signal.aborted) return;
      if (!(await this.#regain())) {
        await this.#options.onAbandoned();
        return;
      }
    }
  }

  /** Freezes where the policy says so, then registers anew; false when that takes too long. */
  async #regain(): Promise<boolean> {
    const { clock, driver, target, registration, lossMsMax } = this.#options;
    const { signal } = this.#stopping;
    const lostMs = clock.monotonicMs();
    const mustFreeze = registration.policy.on_recorder_loss === 'freeze';
    if (mustFreeze) {
      this.#frozen = true;
      await driver.freeze(target);
      this.#options.onFrozen('the host daemon is gone');
    }
    while (!signal.aborted) {
      const isBack = await this.#register().then(() => true, isStillAway);
      if (isBack) return true;
      if (mustFreeze && clock.monotonicMs() - lostMs > lossMsMax) return false;
      await pause(retryMs, signal);
    }
    return true;
  }
}

/** Not there yet, or not yet ready for us: try again. Anything else is a fault of ours. */
function isStillAway(error: unknown): false {
  if (error instanceof SandtrailError) return false;
  throw error;
}

/** A daemon that died while we said good-bye has no streams to tell of. */
function lostMeanwhile(error: unknown): readonly EndedStream[] {
  if (error instanceof SandtrailError) return [];
  throw error;
}
