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
  BUS_FULL: {
    message: 'The log has more appends waiting than it may hold.',
    remedy: 'Send again later; when it lasts, the disk or the machine is too slow for the load.',
    exit: 75,
  },
  BUS_OVERSIZE: {
    message: 'A record is larger than the log takes.',
    remedy: 'Send smaller records; nothing of this append was written.',
    exit: 65,
  },
  BUS_CLOSED: {
    message: 'The log is closed.',
    remedy: 'Start Sandtrail again, then send again.',
    exit: 75,
  },
  DISK_FULL: {
    message: 'There is no space left on the disk of the data directory.',
    remedy: 'Free space or name another directory with --data; what was acknowledged is safe.',
    exit: 74,
  },
  DATA_DIR_UNUSABLE: {
    message: 'The data directory cannot be created or used.',
    remedy: 'Check its path and owner, or name another directory with --data.',
    exit: 73,
  },
  CHILD_FAILED: {
    message: 'A process of Sandtrail did not start.',
    remedy: 'Read what it printed above; `sandtrail doctor` says what this machine lacks.',
    exit: 70,
  },
  NOT_RUNNING: {
    message: 'No Sandtrail serves this data directory.',
    remedy: 'Start it with `sandtrail up`, or name its directory with --data.',
    exit: 69,
  },
  INTERNAL: {
    message: 'Something went wrong inside Sandtrail.',
    remedy: 'The log of `sandtrail up` says what; please report it with that line.',
    exit: 70,
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
