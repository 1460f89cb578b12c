// Signing in and out: a one-time token becomes a session that a cookie carries.
import { Tenant, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Right, Role } from './rights.ts';
import { Ns } from './scalars.ts';

/** Every request that changes something carries this header; a form of another site cannot. */
export const requestHeader = { name: 'x-sandtrail-console', value: '1' } as const;

/** The token of the link `/login#TOKEN`: valid for 60 s, once. */
export const SignIn = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** Who is signed in, and what that allows. */
export const Session = z.strictObject({
  /** Names the session in the record; nothing can be done with it. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  actor: text(128),
  role: Role,
  rights: z.array(Right),
  tenant: Tenant,
  node: text(64),
  signedInAtNs: Ns,
  /** The session ends here whatever is done; sooner when it is not used. */
  expiresAtNs: Ns,
  idleMsMax: z.int().min(1),
});
export type Session = z.infer<typeof Session>;

/** The sessions that are open, for who may end them. */
export const SessionList = z.strictObject({
  sessions: z.array(Session.extend({ usedAtNs: Ns, isOwn: z.boolean() })),
});
export type SessionList = z.infer<typeof SessionList>;

/** Which session, by its public name. */
export const SessionPath = Session.pick({ id: true });
