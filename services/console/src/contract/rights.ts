// Who may do what in the console: one table, which the server enforces and the browser shows.
import * as z from 'zod';

/** From looking on to everything; the approver is another person than the responder. */
export const Role = z.enum(['viewer', 'analyst', 'responder', 'approver', 'admin']);
export type Role = z.infer<typeof Role>;

/** What a route may ask for. */
export const Right = z.enum([
  'read',
  'alert',
  'verify',
  'contain',
  'decide',
  'release',
  'sessions',
]);
export type Right = z.infer<typeof Right>;

/**
 * The roles that hold each right. That nobody approves or releases what they asked for themselves
 * holds beside it, for every role: the responder refuses it.
 */
export const rolesOf: Readonly<Record<Right, readonly Role[]>> = {
  read: ['viewer', 'analyst', 'responder', 'approver', 'admin'],
  alert: ['analyst', 'responder', 'approver', 'admin'],
  verify: ['viewer', 'analyst', 'responder', 'approver', 'admin'],
  contain: ['responder', 'admin'],
  decide: ['approver', 'admin'],
  release: ['responder', 'approver', 'admin'],
  sessions: ['admin'],
};

/** The rights of a role. */
export function rightsOf(role: Role): readonly Right[] {
  return Right.options.filter((right) => rolesOf[right].includes(role));
}
