// Turns one system call, as any sensor saw it, into the observation of its kind.
import type { Path, RawField } from '@sandtrail/schemas/body';
import type { Observation } from '@sandtrail/schemas/observation';
import { nameCalls, type WatchedCall } from './calls.ts';
import type { ProcessWire } from './processes.ts';
import type { SocketAddress } from './sockaddr.ts';
import { type KernelText, TextWriter } from './text.ts';

/** A finished system call. */
export interface KernelCall {
  readonly call: WatchedCall;
  readonly atNs: bigint;
  readonly process: ProcessWire;
  /** What it returned; `undefined` when the task ended inside it. */
  readonly result: bigint | undefined;
  /** In the order of `call.numbers`. */
  readonly numbers: readonly bigint[];
  readonly path: KernelText | undefined;
  readonly target: KernelText | undefined;
  readonly address: SocketAddress | undefined;
}

/** Resolves one of the call's paths, best effort. */
export type ResolveText = (
  bytes: Buffer,
  options: { readonly dirfd: number; readonly follow: boolean },
) => string | undefined;

const pathSizeMax = 4096;
const noAddress: SocketAddress = { family: 'other', address: Buffer.alloc(0), port: undefined };
const noText: KernelText = { bytes: Buffer.alloc(0), cut: false };

/** The observation, or `undefined` for a call that only keeps the books (chdir). */
export function observeCall(seen: KernelCall, resolve: ResolveText): Observation | undefined {
  const { name } = seen.call;
  if (name === 'chdir' || name === 'fchdir') return undefined;
  const writer = new TextWriter();
  const context: Context = {
    seen,
    writer,
    number: (wanted) => numberOf(seen, wanted),
    errno: errnoOf(seen.result),
    path: (follow) => pathField({ seen, writer, resolve, field: 'path', follow }),
    target: () => pathField({ seen, writer, resolve, field: 'target', follow: false }),
  };
  const own = (observers[name] ?? observeOther)(context);
  return { ...own, ...common(seen, writer) };
}

/** Time and process, which every observation of the kernel has. */
export function common(seen: { atNs: bigint; process: ProcessWire }, writer: TextWriter): Common {
  return { observedAtNs: seen.atNs.toString(), process: seen.process, ...writer.raw() };
}

interface Common {
  readonly observedAtNs: string;
  readonly process: ProcessWire;
  readonly raw?: RawField[];
}

type Own = Observation extends infer O ? (O extends Observation ? Omit<O, keyof Common> : never) : never; // biome-ignore format: one line

interface Context {
  readonly seen: KernelCall;
  readonly writer: TextWriter;
  /** A number of the call by its name, as a signed 32-bit integer; 0 when it has none such. */
  readonly number: (name: string) => number;
  readonly errno: { errno?: number };
  readonly path: (follow: boolean) => Path;
  readonly target: () => Path;
}

const observers: Readonly<Record<string, (context: Context) => Own>> = {
  open: observeOpen,
  creat: observeOpen,
  openat: observeOpen,
  openat2: observeOpen,
  unlink: observeDelete,
  unlinkat: observeDelete,
  rmdir: observeDelete,
  rename: observeRename,
  renameat: observeRename,
  renameat2: observeRename,
  link: (context) => observeLink(context, 'hard'),
  linkat: (context) => observeLink(context, 'hard'),
  symlink: (context) => observeLink(context, 'symbolic'),
  symlinkat: (context) => observeLink(context, 'symbolic'),
  chmod: observeMode,
  fchmod: observeMode,
  fchmodat: observeMode,
  fchmodat2: observeMode,
  connect: (context) => observeAddress(context, 'network.connect'),
  sendto: (context) => observeAddress(context, 'network.connect'),
  sendmsg: (context) => observeAddress(context, 'network.connect'),
  sendmmsg: (context) => observeAddress(context, 'network.connect'),
  bind: (context) => observeAddress(context, 'network.listen'),
  setuid: observeCredentials,
  setgid: observeCredentials,
  setreuid: observeCredentials,
  setregid: observeCredentials,
  setresuid: observeCredentials,
  setresgid: observeCredentials,
};

function numberOf(seen: KernelCall, wanted: string): number {
  const at = seen.call.numbers.findIndex(({ name }) => name === wanted);
  return Number(BigInt.asIntN(32, seen.numbers[at] ?? 0n));
}

function errnoOf(result: bigint | undefined): { errno?: number } {
  return result !== undefined && result < 0n ? { errno: Number(-result) } : {};
}

interface PathField {
  readonly seen: KernelCall;
  readonly writer: TextWriter;
  readonly resolve: ResolveText;
  readonly field: 'path' | 'target';
  readonly follow: boolean;
}

function pathField({ seen, writer, resolve, field, follow }: PathField): Path {
  const { bytes, cut } = seen[field] ?? noText;
  const directory = field === 'path' ? 'dirfd' : 'targetfd';
  const relative = seen.call.numbers.some(({ name }) => name === directory);
  const dirfd = relative ? numberOf(seen, directory) : -100;
  const isPath = !cut && bytes.length > 0 && !nameCalls.has(seen.call.name);
  const resolved = isPath ? resolve(bytes, { dirfd, follow }) : undefined;
  return {
    raw: writer.write(`${field}.raw`, bytes, pathSizeMax),
    ...(resolved === undefined ? {} : { resolved: resolved.slice(0, pathSizeMax) }),
    ...(cut ? { cut } : {}),
  };
}

const accessModes = ['read', 'write', 'read_write', 'read_write'] as const;
const createFlag = 0o100;

function observeOpen({ seen, number, errno, path }: Context): Own {
  // creat(2) is open(2) with O_CREAT | O_WRONLY | O_TRUNC
  const flags = seen.call.name === 'creat' ? 0o1101 : number('flags') >>> 0;
  const access = accessModes[flags & 3] ?? 'read_write';
  const create = (flags & createFlag) !== 0;
  return { kind: 'file.open', path: path(true), access, create, flags, ...errno };
}

function observeDelete({ errno, path }: Context): Own {
  return { kind: 'file.delete', path: path(false), ...errno };
}

function observeRename({ errno, path, target }: Context): Own {
  return { kind: 'file.rename', path: path(false), target: target(), ...errno };
}

function observeLink(
  { seen, writer, errno, path, target }: Context,
  type: 'symbolic' | 'hard',
): Own {
  // What a symbolic link holds is a text, not yet a path: it is not resolved by itself.
  const held = seen.target ?? noText;
  const pointsAt =
    type === 'hard'
      ? target()
      : {
          raw: writer.write('target.raw', held.bytes, pathSizeMax),
          ...(held.cut ? { cut: true } : {}),
        };
  return { kind: 'file.link', path: path(false), target: pointsAt, type, ...errno };
}

function observeMode({ number, errno, path }: Context): Own {
  return { kind: 'file.chmod', path: path(true), mode: number('mode') >>> 0, ...errno };
}

function observeAddress(context: Context, kind: 'network.connect' | 'network.listen'): Own {
  const { seen, writer, errno } = context;
  const { family, address, port } = seen.address ?? noAddress;
  const text = writer.write('address', address, pathSizeMax);
  return { kind, family, address: text, ...(port === undefined ? {} : { port }), ...errno };
}

/** A refused change is a system call that failed; a done one is a change of identity. */
function observeCredentials(context: Context): Own {
  if (context.seen.result !== 0n) return observeOther(context);
  const field = (name: string, as: string) =>
    context.seen.call.numbers.some((known) => known.name === name) && context.number(name) !== -1
      ? { [as]: context.number(name) >>> 0 }
      : {};
  return {
    kind: 'process.credentials',
    ...field('uid', 'realUid'),
    ...field('uid', 'effectiveUid'),
    ...field('ruid', 'realUid'),
    ...field('euid', 'effectiveUid'),
    ...field('gid', 'realGid'),
    ...field('gid', 'effectiveGid'),
    ...field('rgid', 'realGid'),
    ...field('egid', 'effectiveGid'),
  };
}

function observeOther({ seen, path, target }: Context): Own {
  const { call, result } = seen;
  const args = call.numbers.map(({ name }, at) => ({
    name,
    value: `${BigInt.asIntN(64, seen.numbers[at] ?? 0n)}`,
  }));
  if (call.target !== undefined) args.push({ name: 'target', value: target().raw.slice(0, 256) });
  return {
    kind: 'syscall',
    name: call.name,
    args: args.slice(0, 8),
    ...(call.path === undefined ? {} : { path: path(true) }),
    ...(result === undefined ? {} : { result: result.toString() }),
  };
}
