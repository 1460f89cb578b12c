// A trace session of gVisor: which points it has, with which fields, and where it sends them.
import { execFile } from 'node:child_process';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { readTask } from '../driver/task.ts';
import { readLink } from '../kernel/path.ts';

/** A system call of which gVisor tells no more than its numbers (x86-64). */
interface RawCall {
  readonly sysno: number;
  readonly name: string;
  readonly args: readonly string[];
}

/** Those that have no point of their own and matter to whoever wants out. */
export const rawCalls: readonly RawCall[] = [
  { sysno: 101, name: 'ptrace', args: ['request', 'pid'] },
  { sysno: 155, name: 'pivot_root', args: [] },
  { sysno: 161, name: 'chroot', args: [] },
  { sysno: 165, name: 'mount', args: [] },
  { sysno: 166, name: 'umount2', args: [] },
  { sysno: 175, name: 'init_module', args: [] },
  { sysno: 272, name: 'unshare', args: ['flags'] },
  { sysno: 308, name: 'setns', args: ['fd', 'nstype'] },
  { sysno: 313, name: 'finit_module', args: [] },
  { sysno: 319, name: 'memfd_create', args: [] },
  { sysno: 321, name: 'bpf', args: ['command'] },
];

const points: readonly string[] = [
  'sentry/clone',
  'sentry/execve',
  'sentry/exit_notify_parent',
  'syscall/open/exit',
  'syscall/openat/exit',
  'syscall/creat/exit',
  'syscall/connect/exit',
  'syscall/bind/exit',
  ...rawCalls.map(({ sysno }) => `syscall/sysno/${sysno}/exit`),
];
const contextFields = [
  ...['time', 'group_id', 'thread_group_start_time', 'credentials', 'cwd', 'process_name'],
];

/** What the installed runsc can tell. */
export interface TraceAbility {
  readonly available: readonly string[];
  readonly missing: readonly string[];
}

/** @throws SandtrailError `SENSOR_UNAVAILABLE` when there is no runsc, or none with a remote sink */
export async function traceAbility(): Promise<TraceAbility> {
  const metadata = await runsc(['trace', 'metadata']);
  if (!/^Name: remote$/m.test(metadata)) {
    throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: 'this runsc has no remote sink' });
  }
  const known = new Set([...metadata.matchAll(/^Name: ([a-z0-9_/]+), /gm)].map(([, name]) => name));
  return {
    available: points.filter((point) => known.has(point)),
    missing: points.filter((point) => !known.has(point)),
  };
}

/**
 * The session as `runsc trace create` reads it. Without retries: a sink that waits for a slow reader
 * makes the guest wait with it, and what it drops instead is counted.
 */
export function sessionText(endpoint: string, { available }: TraceAbility): string {
  return JSON.stringify({
    trace_session: {
      name: 'Default',
      points: available.map((name) => ({ name, context_fields: contextFields })),
      sinks: [{ name: 'remote', config: { endpoint, retries: 0 } }],
    },
  });
}

interface Session {
  /** The Sentry's process on the host. */
  readonly sandboxPid: number;
  readonly root: string;
  readonly container: string;
  readonly configFile: string;
}

/** Begins a session in a running sandbox. @throws SandtrailError `SENSOR_UNAVAILABLE` */
export async function createSession(session: Session): Promise<void> {
  const { sandboxPid, root, container, configFile } = session;
  const words = [`--root=${root}`, 'trace', 'create', '--config', configFile, container];
  await runsc(words, creatorsNetwork(sandboxPid));
}

/**
 * A Sentry listens on an abstract socket (unix(7)) in the network namespace of whoever created it,
 * which is its parent: an engine may live in another one than this daemon.
 */
function creatorsNetwork(sandboxPid: number): string | undefined {
  const namespace = `/proc/${readTask(sandboxPid)?.ppid}/ns/net`;
  const isOther = readLink(namespace) !== readLink('/proc/self/ns/net');
  return isOther ? namespace : undefined;
}

const runscMsMax = 10_000;

function runsc(words: readonly string[], network?: string): Promise<string> {
  const inside = network === undefined ? [] : ['nsenter', `--net=${network}`];
  const [program = 'runsc', ...rest] = [...inside, 'runsc', ...words];
  const options = { timeout: runscMsMax, killSignal: 'SIGKILL', maxBuffer: 4_194_304 } as const;
  return new Promise((resolve, reject) => {
    execFile(program, rest, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else {
        const said = `${stderr.trim().split('\n').at(-1)} ${error.message}`.trim().slice(0, 512);
        reject(new SandtrailError('SENSOR_UNAVAILABLE', { detail: `runsc: ${said}` }));
      }
    });
  });
}
