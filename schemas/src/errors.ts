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
  SANDBOX_CGROUP: {
    message: "The sandbox's cgroup could not be made.",
    remedy: 'Run as root with cgroup v2 mounted; `sandtrail doctor` says what is missing.',
    exit: 69,
  },
  SANDBOX_START: {
    message: 'The sandbox did not start.',
    remedy: 'Read the detail; bubblewrap must be installed and user namespaces allowed.',
    exit: 69,
  },
  SANDBOX_NETWORK: {
    message: 'Proxy and resolver could not listen inside the sandbox.',
    remedy: 'Run as root, or use `network.mode: none` in the policy.',
    exit: 69,
  },
  SANDBOX_WORKSPACE: {
    message: 'The workspace cannot be used.',
    remedy: 'Name a directory that exists or can be made and whose owner is not root (chown it).',
    exit: 73,
  },
  SANDBOX_WEAKER: {
    message: 'The sandbox would be weaker than the policy declares.',
    remedy:
      'Use a host that offers the declared isolation, or pass --allow-weaker (it is recorded).',
    exit: 77,
  },
  CONTROL_MALFORMED: {
    message: 'A message on the control socket is malformed.',
    remedy: 'Use the same version of Sandtrail on both sides.',
    exit: 76,
  },
  CONTROL_DENIED: {
    message: 'This user may not do that on the control socket.',
    remedy: 'Run the command as root or as the user that Sandtrail runs as.',
    exit: 77,
  },
  CONTROL_LOST: {
    message: 'The connection to the host daemon is gone.',
    remedy: 'Start `sandtrail up`; the sandbox is frozen until it is watched again.',
    exit: 69,
  },
  CONTAIN_BAD_SIGNATURE: {
    message: 'A containment request is not signed by the pinned key.',
    remedy: 'Send it through the responder, which holds the key; check the pinned public key.',
    exit: 77,
  },
  CONTAIN_MALFORMED: {
    message: 'A containment request does not fit its schema.',
    remedy: 'Use the same version of Sandtrail on both sides.',
    exit: 76,
  },
  CONTAIN_EXPIRED: {
    message: 'A containment request came after its expiry.',
    remedy: 'Ask again; check that the machine clocks agree.',
    exit: 75,
  },
  CONTAIN_REPLAYED: {
    message: 'A containment request repeats the nonce of another one.',
    remedy: 'Sign a new request; look for who replays requests.',
    exit: 77,
  },
  CONTAIN_UNKNOWN_SANDBOX: {
    message: 'No sandbox of that uid lives on this host.',
    remedy: 'Ask the host that runs it; `sandtrail status` lists sandboxes.',
    exit: 66,
  },
  CONTAIN_WRONG_INCARNATION: {
    message: 'The containment request is about another life of the sandbox.',
    remedy: 'Ask again for the present incarnation.',
    exit: 66,
  },
  CONTAIN_LEVEL_LOWER: {
    message: 'Containment only rises; lowering it needs a release.',
    remedy: 'Use `sandtrail release`.',
    exit: 65,
  },
  CONTAIN_LEVEL_UNSUPPORTED: {
    message: 'No driver here can reach that level.',
    remedy: '`sandtrail doctor` lists the levels of each driver.',
    exit: 69,
  },
  CONTAIN_SELF_RELEASE: {
    message: 'A release needs another actor than the one who asked for containment.',
    remedy: 'Let another person release it.',
    exit: 77,
  },
  CONTAIN_BUSY: {
    message: 'Too many containment requests wait for this host.',
    remedy: 'Ask again in a moment.',
    exit: 75,
  },
  CONTAIN_NOT_WAITING: {
    message: 'No containment request of that id waits for a decision.',
    remedy:
      '`sandtrail approve` lists what waits; a request that nobody decided in time is denied.',
    exit: 64,
  },
  CONTAIN_SELF_APPROVAL: {
    message: 'A request needs the approval of another actor than the one who made it.',
    remedy: 'Let another person approve it.',
    exit: 77,
  },
  CONTAIN_NOT_CONTAINED: {
    message: 'The sandbox is not contained, or not in a way that can be released.',
    remedy: '`sandtrail approve` lists where each sandbox stands; a killed one stays dead.',
    exit: 65,
  },
  CONTAIN_UNRECORDED: {
    message: 'A containment request could not be written ahead of its effect, so nothing was done.',
    remedy: 'See why the log refuses writes (disk, shutdown); then ask again.',
    exit: 74,
  },
  INPUT_UNREADABLE: {
    message: 'The input cannot be read.',
    remedy: 'Check the path, its permissions and its size.',
    exit: 66,
  },
  STORE_UNAVAILABLE: {
    message: 'The store does not answer.',
    remedy: 'It is started again by itself; when this lasts, the log says why it stops.',
    exit: 75,
  },
  STORE_BUSY: {
    message: 'The store has as many requests under way as it may.',
    remedy: 'Ask again later, or end long queries.',
    exit: 75,
  },
  STORE_QUERY_REFUSED: {
    message: 'The store refuses the query.',
    remedy: 'Mend the SQL; queries only read, and the detail says what is wrong.',
    exit: 64,
  },
  STORE_QUERY_LIMIT: {
    message: 'The query needs more time, memory or rows than it may.',
    remedy: 'Narrow it by sandbox, kind or time, or add a LIMIT.',
    exit: 75,
  },
  STORE_FAILED: {
    message: 'The store failed.',
    remedy: 'The detail is what the engine said; run `sandtrail verify` and read the log.',
    exit: 70,
  },
  CHAIN_DIVERGED: {
    message: 'A chain in the store does not continue what was sealed or logged before.',
    remedy: 'Its sealing has stopped: run `sandtrail verify`, and keep a copy as evidence.',
    exit: 1,
  },
  SIGNER_REFUSED: {
    message: 'The signer will not sign: the rows contradict what it signed before.',
    remedy: 'Run `sandtrail verify` with the head file; keep a copy as evidence.',
    exit: 1,
  },
  KEY_UNUSABLE: {
    message: 'A key file cannot be used.',
    remedy: 'Check its path, its owner and that its mode is 0600.',
    exit: 73,
  },
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
  BODY_NOT_UTF8: {
    message: 'The body is not valid UTF-8.',
    remedy: 'Put bytes that are not text in base64 into `raw`.',
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
    message: 'The gateway does not listen there.',
    remedy: 'Beyond loopback it listens with TLS only; take a free port and a short socket path.',
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
  SNAPSHOT_INVALID: {
    message: 'The detector state cannot be taken back.',
    remedy: 'Nothing to do: the events are judged again from the first one that is kept.',
    exit: 74,
  },
  TRUST_INVALID: {
    message: 'The trust file is not valid.',
    remedy: 'Write each key as name+hash+base64, as `sandtrail keys` prints it.',
    exit: 64,
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
  SENSOR_UNAVAILABLE: {
    message: 'A kernel sensor could not be started.',
    remedy: 'Run `sandtrail doctor`: it says which sensors work here and what the others need.',
    exit: 69,
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
