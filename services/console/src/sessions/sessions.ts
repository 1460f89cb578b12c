// Sessions: random ids kept as hashes, in memory only, with an end that nothing moves.
import { createHash } from 'node:crypto';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Identity } from './sign-in-links.ts';

/** A session as the server knows it. `name` is public, the id is not kept. */
export interface OpenSession extends Identity {
  readonly name: string;
  readonly signedInAtNs: bigint;
  readonly expiresAtNs: bigint;
  readonly usedAtNs: bigint;
}

interface SessionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every session that ended by itself or by somebody. */
  readonly ended: (session: OpenSession, why: string) => void;
  readonly limits?: Partial<SessionLimits>;
}

/** How long a session lasts, and how many there are. */
export interface SessionLimits {
  readonly lifeMs: number;
  readonly idleMs: number;
  readonly openMax: number;
}

const defaults: SessionLimits = { lifeMs: 8 * 3_600_000, idleMs: 30 * 60_000, openMax: 64 };
const idBytes = 32;
const nameBytes = 8;

/** The open sessions. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, OpenSession>();
  readonly limits: SessionLimits;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.limits = { ...defaults, ...options.limits };
  }

  /** Opens a session; the id goes into the cookie and nowhere else. @throws `CONSOLE_BUSY` */
  open(identity: Identity): { readonly id: string; readonly session: OpenSession } {
    this.endOverdue();
    if (this.#sessions.size >= this.limits.openMax)
      throw new SandtrailError('CONSOLE_BUSY', { detail: 'too many sessions are open' });
    const { clock, random } = this.#options;
    const id = random(idBytes).toString('base64url');
    const signedInAtNs = clock.nowNs();
    const session = {
      ...identity,
      name: random(nameBytes).toString('hex'),
      signedInAtNs,
      expiresAtNs: signedInAtNs + BigInt(this.limits.lifeMs) * 1_000_000n,
      usedAtNs: signedInAtNs,
    };
    this.#sessions.set(hashOf(id), session);
    return { id, session };
  }

  /** The session of a cookie, used now; undefined when there is none or it is over. */
  use(id: string): OpenSession | undefined {
    this.endOverdue();
    const key = hashOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    const used = { ...session, usedAtNs: this.#options.clock.nowNs() };
    this.#sessions.set(key, used);
    return used;
  }

  /** True while the session goes on; whoever watches a stream of it uses it. */
  isInUse(name: string): boolean {
    this.endOverdue();
    const found = this.#find(name);
    if (found === undefined) return false;
    this.#sessions.set(found[0], { ...found[1], usedAtNs: this.#options.clock.nowNs() });
    return true;
  }

  list(): readonly OpenSession[] {
    this.endOverdue();
    return [...this.#sessions.values()];
  }

  /** Ends the session of this public name; false when there is none. */
  end(name: string, why: string): boolean {
    const found = this.#find(name);
    if (found === undefined) return false;
    this.#sessions.delete(found[0]);
    this.#options.ended(found[1], why);
    return true;
  }

  /** Ends what is too old or was not used for too long. */
  endOverdue(): void {
    const nowNs = this.#options.clock.nowNs();
    const idleNs = BigInt(this.limits.idleMs) * 1_000_000n;
    for (const { name, expiresAtNs, usedAtNs } of [...this.#sessions.values()]) {
      if (expiresAtNs <= nowNs) this.end(name, 'expired');
      else if (usedAtNs + idleNs <= nowNs) this.end(name, 'not used');
    }
  }

  #find(name: string) {
    return [...this.#sessions].find(([, session]) => session.name === name);
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
