// Errors of commands, configuration and processes.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const commandErrors = {
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
  INPUT_UNREADABLE: {
    message: 'The input cannot be read.',
    remedy: 'Check the path, its permissions and its size.',
    exit: 66,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
