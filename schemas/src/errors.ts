// The error catalogue: stable codes, what went wrong in words, and what to do about it.

interface Entry {
  readonly message: string;
  readonly remedy: string;
  /** Exit code of a command that ends with this error. */
  readonly exit: number;
}

/** One entry for each code. A code is never renamed and never reused. */
export const errorCatalogue = {
  POLICY_INVALID: {
    message: 'The policy is not valid.',
    remedy: 'Mend the named field; `sandtrail schema policy` prints what is accepted.',
    exit: 64,
  },
  USAGE: {
    message: 'The command line is not understood.',
    remedy: 'See `sandtrail --help` or `sandtrail VERB --help`.',
    exit: 64,
  },
  CONFIG_INVALID: {
    message: 'The configuration is not valid.',
    remedy: 'Mend the named field; `sandtrail up --print-config` shows the result.',
    exit: 64,
  },
  DATA_DIR_IN_USE: {
    message: 'The data directory is in use by another process.',
    remedy: 'Talk to the running Sandtrail, stop it, or name another directory with --data.',
    exit: 75,
  },
  DATA_DIR_VERSION: {
    message: 'The data directory was written by another version of Sandtrail.',
    remedy: 'Use the version that the VERSION file names, or start with an empty directory.',
    exit: 78,
  },
  DATA_DIR_DAMAGED: {
    message: 'The data directory is damaged.',
    remedy: 'Run `sandtrail verify` on it, keep a copy as evidence, and restore or start anew.',
    exit: 74,
  },
} as const satisfies Record<string, Entry>;

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
