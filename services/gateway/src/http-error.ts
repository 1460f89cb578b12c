// How a failure is told to an HTTP client: the catalogue's entry as JSON, with a fitting status.
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';

/** The JSON of a failure. */
export interface ErrorAnswer {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly remedy: string;
    readonly detail?: string;
  };
}

/** The catalogue's entry for a code, as a sender reads it. */
export function errorAnswer(code: ErrorCode, detail?: string): ErrorAnswer {
  const { message, remedy } = errorCatalogue[code];
  return { error: { code, message, remedy, ...(detail === undefined ? {} : { detail }) } };
}

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'REQUEST_INVALID':
    case 'BATCH_MALFORMED':
      return 400;
    case 'TOKEN_UNKNOWN':
      return 401;
    case 'GRANT_MISSING':
    case 'CLAIM_OUTSIDE_GRANT':
      return 403;
    case 'SANDBOX_UNKNOWN':
      return 404;
    case 'SANDBOX_ENDED':
      return 409;
    case 'BATCH_OVERSIZE':
    case 'BUS_OVERSIZE':
      return 413;
    case 'RATE_LIMITED':
      return 429;
    case 'BUS_FULL':
    case 'BUS_CLOSED':
    case 'DISK_FULL':
    case 'SANDBOX_LIMIT':
      return 503;
    default:
      return 500;
  }
}

const CodedError = z.object({ code: z.string(), statusCode: z.int().optional() });

/**
 * The catalogued error behind whatever a request ended with; undefined when it is a fault of the
 * program, which the client is told nothing about.
 */
export function cataloguedError(error: unknown): SandtrailError | undefined {
  if (error instanceof SandtrailError) return error;
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const detail = `${issue?.path.join('.')}: ${issue?.message}`.slice(0, 300);
    return new SandtrailError('REQUEST_INVALID', { detail });
  }
  // Fastify's own refusals: https://fastify.dev/docs/latest/Reference/Errors/
  const coded = CodedError.safeParse(error);
  if (!coded.success || (coded.data.statusCode ?? 500) >= 500) return undefined;
  const { code } = coded.data;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SandtrailError('BATCH_OVERSIZE', { detail: code });
  }
  return new SandtrailError('REQUEST_INVALID', { detail: code });
}
