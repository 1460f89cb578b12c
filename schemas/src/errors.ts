// The error catalogue: stable codes, what went wrong in words, and what to do about it.
import { commandErrors } from './errors-command.ts';
import { consoleErrors } from './errors-console.ts';
import { forwarderErrors } from './errors-forwarder.ts';
import { gatewayErrors } from './errors-gateway.ts';
import { hostErrors } from './errors-host.ts';
import { recordErrors } from './errors-record.ts';

/** One entry for each code. A code is never renamed and never reused. */
export const errorCatalogue = {
  ...commandErrors,
  ...consoleErrors,
  ...gatewayErrors,
  ...forwarderErrors,
  ...recordErrors,
  ...hostErrors,
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCatalogue;

interface Detail {
  /** What it was about, in a few words: a path, a field, an identifier; never a secret. */
  readonly detail: string;
  readonly cause?: unknown;
}

/** An expected failure with a stable code, its remedy and its cause. */
export class SandtrailError extends Error {
  override readonly name = 'SandtrailError';
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, { detail, cause }: Detail) {
    super(`${errorCatalogue[code].message} (${detail})`, cause === undefined ? {} : { cause });
    this.code = code;
    this.detail = detail;
  }

  get remedy(): string {
    return errorCatalogue[this.code].remedy;
  }

  get exit(): number {
    return errorCatalogue[this.code].exit;
  }
}
