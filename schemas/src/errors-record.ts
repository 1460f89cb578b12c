// Errors of the log, the store, the chains and their keys.
import type { ErrorEntry } from './error-entry.ts';

/** One entry for each code. */
export const recordErrors = {
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
  BUS_UNAVAILABLE: {
    message: 'The log does not answer.',
    remedy: 'Look after the broker; what is recorded meanwhile waits in the spools.',
    exit: 75,
  },
  BUS_ACCESS: {
    message: 'The log refuses this client.',
    remedy: 'Check user, password file and certificates, and the rights on the topics.',
    exit: 77,
  },
  BUS_UNFIT: {
    message: 'A topic of the log is not as sealing needs it.',
    remedy: 'Change the named setting of the topic, or name another prefix and let it be made.',
    exit: 78,
  },
  BUS_FOREIGN: {
    message: 'The topics hold another log.',
    remedy: 'Name the cluster on which they were made, or another prefix for a log of its own.',
    exit: 78,
  },
  BUS_DAMAGED: {
    message: 'The log gave bytes that are not whole.',
    remedy: 'Look after the disks and the network of the broker; keep a copy as evidence.',
    exit: 74,
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
} as const satisfies Readonly<Record<string, ErrorEntry>>;
