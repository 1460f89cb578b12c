// Where everything lies in a data directory, and what is kept outside of it on purpose.
import path from 'node:path';

/** The places of one data directory. All are absolute paths. */
export interface Layout {
  readonly root: string;
  readonly version: string;
  readonly lock: string;
  readonly bus: string;
  readonly store: string;
  readonly spool: string;
  readonly keys: string;
  readonly signer: string;
  /** The gateway's own state: epoch, registered sandboxes. */
  readonly gateway: string;
  /** How far each destination is, and what it refused. */
  readonly forwarder: string;
  /** Root's: sockets of the host daemon, and the configuration that the processes read. */
  readonly run: string;
  /** The core's own corner of it: root never writes there, so the core cannot mislead root. */
  readonly runCore: string;
  /** Where the signer meets the core: it reads rows there and hands notes over. */
  readonly runSigner: string;
  readonly sandboxes: string;
  readonly workspaces: string;
  /** Policies by name, for sandboxes that name theirs. */
  readonly policies: string;
  readonly adminSocket: string;
  readonly gatewaySocket: string;
  readonly hostSocket: string;
  readonly notesSocket: string;
  readonly trustFile: string;
  /** Beside the data directory, not in it: who can rewrite the data cannot fix this to match. */
  readonly heads: string;
  readonly headFile: string;
}

/** Longest path that a Unix socket's address holds, less its terminating NUL (unix(7)). */
export const socketPathBytesMax = 107;

/** The layout of the data directory at `root`. */
export function layoutOf(root: string): Layout {
  const absolute = path.resolve(root);
  const at = (...names: readonly string[]) => path.join(absolute, ...names);
  return {
    root: absolute,
    version: at('VERSION'),
    lock: at('lock'),
    bus: at('bus'),
    store: at('store'),
    spool: at('spool'),
    keys: at('keys'),
    signer: at('signer'),
    gateway: at('gateway'),
    forwarder: at('forwarder'),
    run: at('run'),
    runCore: at('run', 'core'),
    runSigner: at('run', 'signer'),
    sandboxes: at('run', 'core', 'sandboxes'),
    workspaces: at('workspaces'),
    policies: at('policies'),
    adminSocket: at('run', 'core', 'admin.sock'),
    gatewaySocket: at('run', 'core', 'gateway.sock'),
    hostSocket: at('run', 'host.sock'),
    notesSocket: at('run', 'signer', 'notes.sock'),
    trustFile: at('trust.json'),
    heads: `${absolute}-heads`,
    headFile: path.join(`${absolute}-heads`, 'heads.json'),
  };
}
