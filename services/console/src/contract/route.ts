// How the contract declares a route: what it takes, what it answers, and the right that it asks for.
import type { ErrorCode } from '@sandtrail/schemas/errors';
import type * as z from 'zod';
import type { Right } from './rights.ts';

/** `json`: one value; `events`: server-sent events by name; `empty`: 204 and nothing. */
export type RouteAnswer =
  | { readonly type: 'json'; readonly schema: z.ZodType }
  | { readonly type: 'events'; readonly messages: Readonly<Record<string, z.ZodType>> }
  | { readonly type: 'empty' };

/** A route. Whatever is not GET needs the request header and an Origin of the console's own. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the prefix; `{name}` are fields of `params`. */
  readonly path: string;
  readonly summary: string;
  /** `anyone` needs no session, `session` any. */
  readonly right: Right | 'session' | 'anyone';
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer: RouteAnswer;
  /** What it may refuse with, beside what every route may. */
  readonly refusals?: readonly ErrorCode[];
}

/** The routes' common beginning. */
export const apiPrefix = '/api/v1';

/** What every route may refuse with, and every one that asks for a right. */
export const commonRefusals = [
  'REQUEST_MALFORMED',
  'REQUEST_FOREIGN',
  'SESSION_MISSING',
  'RIGHT_MISSING',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];
