// Errors of the web console and its API.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const consoleErrors = {
  SIGN_IN_REFUSED: {
    message: 'The sign-in link is not valid any more.',
    remedy: 'Run `sandtrail console` for a new link; each is valid for 60 s and once.',
    exit: 77,
  },
  SESSION_MISSING: {
    message: 'Nobody is signed in here.',
    remedy: 'Run `sandtrail console` and open the link that it prints.',
    exit: 77,
  },
  RIGHT_MISSING: {
    message: 'The role of this session does not allow that.',
    remedy: 'Ask somebody with one of the named roles, or sign in with another link.',
    exit: 77,
  },
  REQUEST_FOREIGN: {
    message: 'The request did not come from the console itself.',
    remedy: 'Open the console at the address that `sandtrail console` prints.',
    exit: 77,
  },
  REQUEST_MALFORMED: {
    message: 'The request does not fit the contract.',
    remedy: 'Mend the named field; /api/openapi.json says what is accepted.',
    exit: 64,
  },
  NOT_FOUND: {
    message: 'There is no such thing here.',
    remedy: 'Check the address; what is not sealed yet can be found in a moment.',
    exit: 66,
  },
  ALERT_UNCHANGED: {
    message: 'The alerts stand as the act would leave them.',
    remedy: 'Look again: somebody was first. The alert shows who and when.',
    exit: 65,
  },
  CONSOLE_BUSY: {
    message: 'The console has as many requests of this sort as it may.',
    remedy: 'Try again in a moment, or close other windows of the console.',
    exit: 75,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
