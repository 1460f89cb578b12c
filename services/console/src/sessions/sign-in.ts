// Signing in: a link made over the admin socket becomes a session, and every step is sealed.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type * as z from 'zod';
import { rightsOf } from '../contract/rights.ts';
import type { Session } from '../contract/session.ts';
import { Rate } from '../http/rate.ts';
import type { ActRecord } from './act-record.ts';
import { type OpenSession, Sessions } from './sessions.ts';
import { type Identity, SignInLinks } from './sign-in-links.ts';

/** Who may sign in is who was given a link; nothing else is asked. */
export interface SignIn {
  readonly sessions: Sessions;
  readonly tenant: string;
  readonly node: string;
  /** A token for one sign-in. @throws SandtrailError `CONSOLE_BUSY`, and as the log's `append` */
  link(identity: Identity): Promise<string>;
  /** @throws SandtrailError `SIGN_IN_REFUSED`, `CONSOLE_BUSY` */
  redeem(token: string): Promise<{ readonly id: string; readonly session: OpenSession }>;
}

interface SignInOptions {
  readonly acts: ActRecord;
  readonly clock: Clock;
  readonly random: Random;
  readonly tenant: string;
  readonly node: string;
  /** Told when an end could not be recorded. */
  readonly failed: (error: unknown) => void;
}

const triesPerSecond = 1;
const triesBurst = 20;

/** The way in. Tries are slowed for all together: a token has 256 bits, this spares the log. */
export function createSignIn(options: SignInOptions): SignIn {
  const { acts, clock, random, tenant, node, failed } = options;
  const links = new SignInLinks({ clock, random });
  const tries = new Rate({ perSecond: triesPerSecond, burst: triesBurst, askersMax: 1 });
  const kind = 'control.sign_in';
  const sessions = new Sessions({
    ...{ clock, random },
    ended({ actor, role, name: session }, detail) {
      acts.write({ kind, act: 'ended', actor, role, session, detail }).catch(failed);
    },
  });
  return {
    ...{ sessions, tenant, node },
    async link(identity) {
      const token = links.make(identity);
      await acts.write({ kind, act: 'linked', ...identity, session: '', detail: '' });
      return token;
    },
    async redeem(token) {
      tries.take('', clock.monotonicMs());
      const identity = links.redeem(token);
      if (identity === undefined) {
        const detail = 'the link was used, is too old, or never was';
        await acts.refused({ actor: '', act: 'sign_in', detail });
        throw new SandtrailError('SIGN_IN_REFUSED', { detail });
      }
      const opened = sessions.open(identity);
      const { name: session } = opened.session;
      await acts.write({ kind, act: 'signed_in', ...identity, session, detail: '' });
      return opened;
    },
  };
}

/** A session as its owner sees it. */
export function sessionView(
  { name: id, actor, role, signedInAtNs, expiresAtNs }: OpenSession,
  { tenant, node, sessions }: Pick<SignIn, 'tenant' | 'node' | 'sessions'>,
): z.input<typeof Session> {
  return {
    ...{ id, actor, role, tenant, node },
    rights: [...rightsOf(role)],
    signedInAtNs: `${signedInAtNs}`,
    expiresAtNs: `${expiresAtNs}`,
    idleMsMax: sessions.limits.idleMs,
  };
}
