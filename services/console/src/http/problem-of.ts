// Every failure as problem details: the catalogue's words, an HTTP status, and nothing of our inside.
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import type { Problem } from '../contract/problem.ts';
import { type Right, rolesOf } from '../contract/rights.ts';

const statuses: Partial<Readonly<Record<ErrorCode, number>>> = {
  SIGN_IN_REFUSED: 401,
  SESSION_MISSING: 401,
  RIGHT_MISSING: 403,
  REQUEST_FOREIGN: 403,
  REQUEST_MALFORMED: 400,
  NOT_FOUND: 404,
  ALERT_UNCHANGED: 409,
  CONSOLE_BUSY: 429,
  STORE_BUSY: 503,
  STORE_UNAVAILABLE: 503,
  STORE_QUERY_LIMIT: 503,
  BUS_FULL: 503,
  DISK_FULL: 507,
  CONTAIN_UNKNOWN_SANDBOX: 404,
  CONTAIN_WRONG_INCARNATION: 404,
  CONTAIN_LEVEL_LOWER: 409,
  CONTAIN_LEVEL_UNSUPPORTED: 409,
  CONTAIN_NOT_CONTAINED: 409,
  CONTAIN_NOT_WAITING: 409,
  CONTAIN_SELF_APPROVAL: 403,
  CONTAIN_SELF_RELEASE: 403,
  CONTAIN_BUSY: 503,
  CONTAIN_UNRECORDED: 503,
  CONTAIN_EXPIRED: 503,
};

/** After so long asking again may help. */
const retryAfterMs: Readonly<Record<number, number>> = { 429: 1000, 503: 2000 };

const detailCharsMax = 2048;
const seeLog = 'see the log';

/** A refusal for want of a right; it carries which. */
export class MissingRight extends SandtrailError {
  readonly right: Right;

  constructor(right: Right, role: string) {
    super('RIGHT_MISSING', { detail: `${role} has not the right "${right}"` });
    this.right = right;
  }
}

/** What the server's own machinery says of a request that it could not take. */
const Refused = z.object({ statusCode: z.int().min(400).max(499), message: z.string() });

/** The problem of an error. Faults of ours say no more than that they are. */
export function problemOf(error: unknown): Problem {
  if (error instanceof SandtrailError) {
    const status = statuses[error.code] ?? 500;
    const needs =
      error instanceof MissingRight
        ? { needs: { right: error.right, roles: [...rolesOf[error.right]] } }
        : {};
    // What the engine says of our own SQL is for the log.
    const detail = status === 500 ? seeLog : error.detail;
    return { ...problem(error.code, { status, detail }), ...needs };
  }
  if (error instanceof z.ZodError)
    return problem('REQUEST_MALFORMED', { status: 400, detail: z.prettifyError(error) });
  const refused = Refused.safeParse(error);
  if (refused.success) {
    const { statusCode: status, message: detail } = refused.data;
    return problem(status === 404 ? 'NOT_FOUND' : 'REQUEST_MALFORMED', { status, detail });
  }
  return problem('INTERNAL', { status: 500, detail: seeLog });
}

function problem(code: ErrorCode, { status, detail }: { status: number; detail: string }): Problem {
  const { message: title, remedy } = errorCatalogue[code];
  const retry = retryAfterMs[status];
  return {
    type: `urn:sandtrail:error:${code}`,
    title,
    status,
    detail: detail.slice(0, detailCharsMax).toWellFormed(),
    code,
    remedy,
    ...(retry === undefined ? {} : { retryAfterMs: retry }),
  };
}
