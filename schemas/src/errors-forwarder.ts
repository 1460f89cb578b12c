// Errors of forwarding to destinations outside.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const forwarderErrors = {
  DESTINATION_UNKNOWN: {
    message: 'No destination of that name is configured.',
    remedy: '`sandtrail forward status` lists them; they stand in `destinations` of config.yaml.',
    exit: 64,
  },
  DESTINATION_UNREACHABLE: {
    message: 'The destination cannot be reached.',
    remedy: 'Check that it runs and its address; nothing is lost, it is tried again by itself.',
    exit: 69,
  },
  DESTINATION_REFUSED: {
    message: 'The destination does not take what it is sent.',
    remedy: 'Check its credentials, certificates and limits; it is tried again by itself.',
    exit: 69,
  },
  WEBHOOK_FORGED: {
    message: 'The webhook is not signed with the shared secret.',
    remedy: 'Check that both sides read the same secret; if they do, somebody else sent it.',
    exit: 77,
  },
  WEBHOOK_EXPIRED: {
    message: 'The webhook came too late, or from a clock that is wrong.',
    remedy: 'Check that the machines’ clocks agree; do not act on it.',
    exit: 75,
  },
  WEBHOOK_REPLAYED: {
    message: 'The webhook repeats the nonce of another one.',
    remedy: 'Do not act on it again; look for who replays requests.',
    exit: 77,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
