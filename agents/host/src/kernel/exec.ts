// The observation of an execution, and where the executed bytes live.
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { WatchedSandbox } from '../collector.ts';
import { common } from './observation.ts';
import type { ProcessWire } from './processes.ts';
import { type KernelText, TextWriter } from './text.ts';

/** An execution as a sensor saw it. */
export interface KernelExec {
  readonly atNs: bigint;
  readonly process: ProcessWire;
  readonly path: KernelText;
  readonly resolved: string | undefined;
  readonly argv: readonly Buffer[];
  /** True when the sensor saw only the first arguments. */
  readonly argvCut: boolean;
  readonly cwd: string | undefined;
  readonly errno: number | undefined;
  /** The executed file as the kernel holds it: its links and its name, where the sensor reads them. */
  readonly file: { readonly links: number; readonly name: string } | undefined;
}

const argumentsMax = 64;
const argumentSizeMax = 4096;
const temporary = /^\/(?:tmp|dev\/shm|var\/tmp|run|dev\/mqueue)(?:\/|$)/;

/** The observation, with the origin where the execution succeeded. */
export function observeExec(
  exec: KernelExec,
  sandbox: WatchedSandbox,
): ObservationOf<'process.exec'> {
  const writer = new TextWriter();
  const raw = writer.write('exe.raw', exec.path.bytes, 4096);
  const shown = exec.argv.slice(0, argumentsMax);
  const argv = shown.map((one, at) => writer.write(`argv.${at}`, one, argumentSizeMax));
  // Where the sensor read only the beginning, one stands for all that it did not see.
  const omitted = exec.argv.length - shown.length + (exec.argvCut ? 1 : 0);
  return {
    kind: 'process.exec',
    exe: {
      raw,
      ...(exec.resolved === undefined ? {} : { resolved: exec.resolved.slice(0, 4096) }),
      ...(exec.path.cut ? { cut: true } : {}),
    },
    argv,
    ...(omitted === 0 ? {} : { argvOmitted: omitted }),
    ...(exec.cwd === undefined ? {} : { cwd: exec.cwd.slice(0, 4096) }),
    ...(exec.errno === undefined
      ? { origin: originOf(exec, raw, sandbox) }
      : { errno: exec.errno }),
    ...common(exec, writer),
  };
}

type Origin = NonNullable<ObservationOf<'process.exec'>['origin']>;

function originOf(
  { file, resolved, process }: KernelExec,
  raw: string,
  sandbox: WatchedSandbox,
): Origin {
  const exe = process.exe ?? '';
  if (file?.links === 0 || exe.endsWith(' (deleted)')) {
    const inMemory = file?.name.startsWith('memfd:') ?? exe.startsWith('/memfd:');
    return inMemory || exe.startsWith('/memfd:') ? 'memory' : 'deleted';
  }
  const paths = [resolved, exe, raw].filter((path) => path?.startsWith('/') === true);
  const [first] = paths;
  if (first === undefined) return 'unknown';
  const homes = [sandbox.workspace, sandbox.policy.filesystem.workspace];
  // A script names itself in the path and its interpreter in `exe`: the less trusted one counts.
  if (paths.some((path) => homes.some((home) => isBelow(path ?? '', home)))) return 'workspace';
  if (paths.some((path) => temporary.test(path ?? ''))) return 'temporary';
  return /^\/(?:proc\/|dev\/fd\/)/.test(first) ? 'unknown' : 'image';
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory.replace(/\/+$/, '')}/`);
}

/** Splits an argument vector as it lies in memory: each argument ends with a NUL. */
export function splitArguments(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, from)) {
    found.push(bytes.subarray(from, end));
    from = end + 1;
  }
  if (from < bytes.length) found.push(bytes.subarray(from));
  return found;
}
