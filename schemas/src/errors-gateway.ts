// Errors of records on their way into the log.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const gatewayErrors = {
  TOKEN_UNKNOWN: {
    message: 'The gateway does not know this token.',
    remedy: 'Enrol the sender and send its token as `authorization: Bearer TOKEN`.',
    exit: 77,
  },
  GRANT_MISSING: {
    message: 'The grant of this token does not allow that.',
    remedy:
      'Use a host’s token to register sandboxes, and each token for what it was enrolled for.',
    exit: 77,
  },
  REQUEST_INVALID: {
    message: 'The gateway does not understand this request.',
    remedy: 'Mend the named field, header or path.',
    exit: 65,
  },
  BATCH_MALFORMED: {
    message: 'The batch is not a sequence of records.',
    remedy: 'Send `u32be length, body, u32be length, erasable`, repeated, and nothing else.',
    exit: 65,
  },
  BATCH_OVERSIZE: {
    message: 'The batch is larger than the gateway reads.',
    remedy: 'Send at most 8 MiB at a time.',
    exit: 65,
  },
  RATE_LIMITED: {
    message: 'This sender sends more than its rate allows.',
    remedy: 'Wait as long as `retry-after` says, then send the same again.',
    exit: 75,
  },
  BODY_INVALID: {
    message: 'The body is not an event of the contract.',
    remedy: 'Mend the named field; `sandtrail schema KIND` prints what is accepted.',
    exit: 65,
  },
  BODY_OVERSIZE: {
    message: 'The body is larger than one event may be.',
    remedy: 'Cut long text and say so in `raw`; a body has at most 1 MiB.',
    exit: 65,
  },
  BODY_NOT_JSON: {
    message: 'The body is not one JSON object.',
    remedy: 'Send the text that JSON.stringify gives for the event.',
    exit: 65,
  },
  BODY_NOT_CANONICAL: {
    message: 'The body can be read in more than one way.',
    remedy:
      'Write it as JSON.stringify does: each key once, 64-bit numbers as strings, no white space.',
    exit: 65,
  },
  BODY_ILL_FORMED: {
    message: 'The body has a string that is not well-formed Unicode.',
    remedy: 'Replace lone surrogates with toWellFormed() and put the original into `raw`.',
    exit: 65,
  },
  KIND_NOT_GRANTED: {
    message: 'This sender may not send this kind of event.',
    remedy: 'Send only the kinds of your grant; the attempt is recorded.',
    exit: 77,
  },
  CLAIM_OUTSIDE_GRANT: {
    message: 'The record claims to be about another sandbox, node or stream than it may.',
    remedy: 'Send only about what the connection is bound to; the attempt is recorded.',
    exit: 77,
  },
  SANDBOX_UNKNOWN: {
    message: 'No such sandbox is registered by this node.',
    remedy: 'Register it first with POST /v1/sandboxes.',
    exit: 65,
  },
  SANDBOX_ENDED: {
    message: 'This life of the sandbox has ended.',
    remedy: 'Register the sandbox under its next incarnation.',
    exit: 65,
  },
  SANDBOX_LIMIT: {
    message: 'The gateway has as many sandboxes as it may hold.',
    remedy: 'Close sandboxes that have ended, or raise the limit.',
    exit: 75,
  },
  LISTEN_REFUSED: {
    message: 'Sandtrail cannot listen there.',
    remedy:
      'Take a free port, or a short socket path where nothing lies; beyond loopback only with TLS.',
    exit: 64,
  },
  LINE_MALFORMED: {
    message: 'The line is not a JSON object with a counter and a kind.',
    remedy: 'Send one object a line: {"n": 0, "kind": "tool.call", …}.',
    exit: 65,
  },
  LINE_OVERSIZE: {
    message: 'The line is longer than the gateway reads.',
    remedy: 'Send at most 256 KiB a line.',
    exit: 65,
  },
  COUNTER_REPEATED: {
    message: 'The counter of this line is not above the one before it.',
    remedy: 'Count up by one with each line of a connection.',
    exit: 65,
  },
  GATEWAY_UNREACHABLE: {
    message: 'The gateway did not answer.',
    remedy: 'Check its address and that it runs; records wait in the spool and are sent again.',
    exit: 69,
  },
  GATEWAY_REFUSED: {
    message: 'The gateway answered with a failure.',
    remedy: 'Read the code it gave; records wait in the spool and are sent again.',
    exit: 69,
  },
  STREAM_TAKEN: {
    message: 'A collector cannot open this stream.',
    remedy: 'Open each sandbox once in an epoch; start the collector anew for a new epoch.',
    exit: 70,
  },
  BODY_NOT_UTF8: {
    message: 'The body is not valid UTF-8.',
    remedy: 'Put bytes that are not text in base64 into `raw`.',
    exit: 65,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
