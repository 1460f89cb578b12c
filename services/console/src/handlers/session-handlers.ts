// Sessions: one's own, and for who may, all that are open.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SessionPath } from '../contract/session.ts';
import type { Handlers } from '../http/handlers.ts';
import { sessionView } from '../sessions/sign-in.ts';
import type { ConsoleParts } from './console-parts.ts';

/** The handlers of sessions; signing in and out is the server's. */
export function sessionHandlers({ signIn }: ConsoleParts) {
  return {
    async getSession({ session }) {
      return sessionView(session, signIn);
    },
    async listSessions({ session }) {
      const sessions = signIn.sessions.list().map((each) => ({
        ...sessionView(each, signIn),
        usedAtNs: `${each.usedAtNs}`,
        isOwn: each.name === session.name,
      }));
      return { sessions };
    },
    async endSession({ params, session }) {
      const { id } = SessionPath.parse(params);
      if (!signIn.sessions.end(id, `ended by ${session.actor}`))
        throw new SandtrailError('NOT_FOUND', { detail: `session ${id}` });
      return undefined;
    },
  } satisfies Partial<Handlers>;
}
