// What a host tells the gateway about a new sandbox, and the socket that it gets for it.
import * as z from 'zod';
import { Incarnation, SandboxUid, text } from './scalars.ts';

/** `POST /v1/sandboxes`: from here on this node's collectors may write about the sandbox. */
export const SandboxRegistration = z.strictObject({ uid: SandboxUid, incarnation: Incarnation });
export type SandboxRegistration = z.infer<typeof SandboxRegistration>;

/**
 * The answer: the socket through which senders inside this sandbox, and nobody else, reach the
 * gateway. The runner bind-mounts `directory` into the sandbox; the socket in it is `gateway.sock`.
 */
export const SandboxSocketAnswer = z.strictObject({
  directory: text(4096),
  socketPath: text(4096),
});
export type SandboxSocketAnswer = z.infer<typeof SandboxSocketAnswer>;
