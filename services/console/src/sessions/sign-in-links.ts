// One-time links: who may use the admin socket may sign in, once, within a minute.
import { createHash } from 'node:crypto';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Role } from '../contract/rights.ts';

/** As whom a link signs in. */
export interface Identity {
  readonly actor: string;
  readonly role: Role;
}

interface LinksOptions {
  readonly clock: Clock;
  readonly random: Random;
}

const validMs = 60_000;
const openMax = 64;
const tokenBytes = 32;

/** The links that were not used yet. Tokens are kept as hashes only. */
export class SignInLinks {
  readonly #options: LinksOptions;
  readonly #open = new Map<string, Identity & { readonly untilMs: number }>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** A new token, 43 characters. @throws SandtrailError `CONSOLE_BUSY` when too many are open */
  make(identity: Identity): string {
    this.#forgetOld();
    if (this.#open.size >= openMax)
      throw new SandtrailError('CONSOLE_BUSY', { detail: `${openMax} sign-in links are open` });
    const token = this.#options.random(tokenBytes).toString('base64url');
    const untilMs = this.#options.clock.monotonicMs() + validMs;
    this.#open.set(hashOf(token), { ...identity, untilMs });
    return token;
  }

  /** As whom the token signs in; undefined for one that was used, is too old, or never was. */
  redeem(token: string): Identity | undefined {
    this.#forgetOld();
    const key = hashOf(token);
    const found = this.#open.get(key);
    this.#open.delete(key);
    return found === undefined ? undefined : { actor: found.actor, role: found.role };
  }

  #forgetOld(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, { untilMs }] of this.#open) if (untilMs <= nowMs) this.#open.delete(key);
  }
}

/** Looked up by hash, so that neither the map nor its timing tells a token. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
