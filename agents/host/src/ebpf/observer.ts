// Turns a whole record of the program into observations: mostly one, two where a text changed.
import type { Observation } from '@sandtrail/schemas/observation';
import type { WatchedSandbox } from '../collector.ts';
import { type WatchedCall, watchedCalls } from '../kernel/calls.ts';
import { observeExec, splitArguments } from '../kernel/exec.ts';
import { type SandboxNames, viewCalls } from '../kernel/names.ts';
import { observeCall, type ResolveText } from '../kernel/observation.ts';
import { readLink } from '../kernel/path.ts';
import { type ProcessTable, type SeenProcess, startTick } from '../kernel/processes.ts';
import { parseSocketAddress } from '../kernel/sockaddr.ts';
import type { KernelText } from '../kernel/text.ts';
import type { Assembled } from './assembler.ts';
import { earlyWords, specialCalls } from './program.ts';

/** `str()` of bpftrace 0.17 reads at most so many bytes, the last of which is a NUL. */
export const textSizeBytesMax = 200;

/** What an observer needs to know of the record's sandbox and of time. */
export interface ObserverContext {
  readonly sandbox: WatchedSandbox;
  readonly processes: ProcessTable;
  readonly names: SandboxNames;
  /** Nanoseconds since the Unix epoch at boot. */
  readonly bootNs: bigint;
}

/** The observations of one record; none for a call that only keeps the books. */
export function observeRecord(whole: Assembled, context: ObserverContext): readonly Observation[] {
  const { head, call } = whole.main;
  const seen: SeenProcess = {
    pid: head.pid,
    startNs: startTick(head.startNs),
    ppid: head.ppid,
    uid: head.uid,
  };
  switch (call) {
    case specialCalls.exec:
    case specialCalls.execFailed:
      return [execution(whole, seen, context)];
    case specialCalls.exit:
      return [ended(whole, seen, context)];
    case specialCalls.fork:
      return [forked(whole, seen, context)];
    default:
      return calls(whole, seen, context);
  }
}

function kernelText(bytes: Buffer): KernelText {
  return { bytes, cut: bytes.length >= textSizeBytesMax - 1 };
}

function execution(whole: Assembled, seen: SeenProcess, context: ObserverContext): Observation {
  const { main, argv, early, file } = whole;
  const failed = main.call === specialCalls.execFailed;
  const bytes = main.text?.length ? main.text : (early ?? Buffer.alloc(0));
  const length = Number(main.numbers[2] ?? 0n);
  const resolve = resolver(seen, context, main.head.atNs);
  const resolved = resolve(bytes, { dirfd: -100, follow: true });
  if (!failed) {
    const name = file?.name.toString('utf8') ?? '';
    const unlinked = file?.links === 0 ? `/${name} (deleted)` : undefined;
    const exe = readLink(`/proc/${seen.pid}/exe`) ?? unlinked ?? resolved;
    const asked = bytes.toString('utf8');
    context.processes.executed(seen, { exe: exe ?? asked, name: asked });
  }
  return observeExec(
    {
      atNs: main.head.atNs + context.bootNs,
      process: context.processes.describe(seen),
      path: kernelText(bytes),
      resolved,
      argv: failed ? [] : splitArguments(argv.subarray(0, length)),
      argvCut: failed || length > argv.length,
      cwd: context.processes.cwd(seen),
      errno: failed ? Number(-main.result) : undefined,
      file:
        file === undefined ? undefined : { links: file.links, name: file.name.toString('utf8') },
    },
    context.sandbox,
  );
}

function ended(whole: Assembled, seen: SeenProcess, context: ObserverContext): Observation {
  const { main } = whole;
  const group = Number((main.numbers[0] ?? 0n) & 0xffffn);
  const status = group === 0 ? Number(main.result) & 0xffff : group;
  const signal = status & 0x7f;
  const process = context.processes.describe(seen);
  context.processes.exited(seen.pid);
  return {
    kind: 'process.exit',
    observedAtNs: (main.head.atNs + context.bootNs).toString(),
    process,
    ...(signal === 0 ? { code: status >> 8 } : { signal }),
  };
}

function forked(whole: Assembled, seen: SeenProcess, context: ObserverContext): Observation {
  const childPid = Number(whole.main.result);
  context.processes.forked(seen, childPid);
  return {
    kind: 'process.fork',
    observedAtNs: (whole.main.head.atNs + context.bootNs).toString(),
    process: context.processes.describe(seen),
    childPid,
  };
}

function calls(whole: Assembled, seen: SeenProcess, context: ObserverContext): Observation[] {
  const { main, early } = whole;
  const call = watchedCalls[main.call];
  if (call === undefined) return [];
  const known = call;
  const name = call.name;
  if ((name === 'chdir' || name === 'fchdir') && main.result === 0n) context.processes.moved(seen);
  if (viewCalls.has(name)) context.processes.viewChanged(seen);
  const resolve = resolver(seen, context, main.head.atNs);
  const last = main.text ?? main.address;
  const read = last?.length ? last : (early ?? last);
  const first = earlyText(call, early, last);
  const before = first === undefined ? undefined : observe(first);
  const found = observe(read === undefined ? undefined : kernelText(read));
  if (found !== undefined) context.names.noted(found);
  return [before, found].filter((one) => one !== undefined);

  function observe(text: KernelText | undefined): Observation | undefined {
    const target = whole.target === undefined ? undefined : kernelText(whole.target);
    return observeCall(
      {
        call: known,
        atNs: main.head.atNs + context.bootNs,
        process: context.processes.describe(seen),
        result: main.result,
        numbers: main.numbers,
        path: known.path === undefined ? undefined : text,
        target,
        address: text === undefined ? undefined : parseSocketAddress(text.bytes),
      },
      resolve,
    );
  }
}

/**
 * What stood there at entry, where it was another text than at exit: both become events, since it
 * is not known which of them the kernel took. Empty means that its page was not in memory yet.
 */
function earlyText(
  call: WatchedCall,
  early: Buffer | undefined,
  last: Buffer | undefined,
): KernelText | undefined {
  if (early === undefined || last === undefined || last.length === 0) return undefined;
  if (call.path === undefined) {
    const words = early.subarray(0, last.length);
    const same = words.every((byte) => byte === 0) || words.equals(last);
    return same ? undefined : { bytes: words, cut: false };
  }
  const end = early.indexOf(0);
  const bytes = end === -1 ? early : early.subarray(0, end);
  const same = end === -1 ? bytes.equals(last.subarray(0, bytes.length)) : bytes.equals(last);
  const cut = end === -1 && bytes.length >= earlyWords * 8;
  return bytes.length === 0 || same ? undefined : { bytes, cut };
}

/** Directories that nobody inside can write to: what is read there needs no second look. */
const systemPath = /^\/(?:usr|lib|lib64|bin|sbin)\/(?!.*\.\.)/;

function resolver(
  seen: SeenProcess,
  { processes, names }: ObserverContext,
  atNs: bigint,
): ResolveText {
  return (bytes, { dirfd, follow }) => {
    if (follow && systemPath.test(bytes.toString('latin1'))) return undefined;
    const cwd = dirfd === -100 && bytes[0] !== 0x2f ? processes.cwd(seen) : undefined;
    const view = processes.view(seen);
    return names.resolve({ pid: seen.pid, dirfd, bytes, follow, cwd, view, atNs });
  };
}
