// A delivery that failed as a whole, and how long the other side asked to be left alone.
import { SandtrailError } from '@sandtrail/schemas/errors';

interface FailureDetail {
  readonly detail: string;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** `DESTINATION_UNREACHABLE` or `DESTINATION_REFUSED`: all of it is sent again. */
export class DeliveryFailure extends SandtrailError {
  readonly retryAfterMs: number | undefined;

  constructor(
    code: 'DESTINATION_UNREACHABLE' | 'DESTINATION_REFUSED',
    { detail, cause, retryAfterMs }: FailureDetail,
  ) {
    super(code, cause === undefined ? { detail } : { detail, cause });
    this.retryAfterMs = retryAfterMs;
  }
}
