// What a product that is just coming back answers: nothing yet.
import { SandtrailError } from '@sandtrail/schemas/errors';

/** For `catch`: undefined for an expected failure, so that it is asked again. */
export function notYet(error: unknown): undefined {
  if (error instanceof SandtrailError) return undefined;
  throw error;
}
