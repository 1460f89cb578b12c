// What a trace point of gVisor says, in the house's kinds. Field numbers are those of its .proto files.
import type { Observation } from '@sandtrail/schemas/observation';
import { parseSocketAddress } from '../kernel/sockaddr.ts';
import { TextWriter } from '../kernel/text.ts';
import { bytesOf, listOf, type Message, numberOf, readMessage } from './protobuf.ts';
import { rawCalls } from './session.ts';

/** Message types (common.proto, `MessageType`) that are read; others may come and are passed over. */
export const messageTypes = {
  clone: 2,
  execve: 3,
  exit: 4,
  raw: 6,
  open: 7,
  connect: 10,
  bind: 24,
};

interface Context {
  /** The host's time, where the Sentry's own is not credible. */
  readonly nowNs: bigint;
}

const skewNsMax = 10_000_000_000n;
const threadFlag = 0x10000n;
const argumentsMax = 64;
const argumentSizeMax = 4096;

/** The observation; `undefined` for what no kind tells of. */
export function observePoint(
  type: number,
  message: Message,
  context: Context,
): Observation | undefined {
  const writer = new TextWriter();
  const own = observers[type]?.({ message, writer });
  if (own === undefined) return undefined;
  const about = contextOf(message);
  return { ...own, ...about, observedAtNs: `${timeOf(message, context)}`, ...writer.raw() };
}

type WithoutCommon<T> = T extends unknown ? Omit<T, 'observedAtNs' | 'process' | 'raw'> : never;
type Own = WithoutCommon<Observation>;

interface Seen {
  readonly message: Message;
  readonly writer: TextWriter;
}

const observers: Readonly<Record<number, (seen: Seen) => Own | undefined>> = {
  [messageTypes.clone]: ({ message }) => {
    const isThread = (numberOf(message, 6) & threadFlag) !== 0n;
    const childPid = countOf(numberOf(message, 4));
    return isThread ? undefined : { kind: 'process.fork', childPid };
  },
  [messageTypes.execve]: execution,
  [messageTypes.exit]: ({ message }) => {
    const status = countOf(numberOf(message, 2));
    const signal = status & 0x7f;
    return {
      kind: 'process.exit',
      ...(signal === 0 ? { code: (status >> 8) & 0xff } : { signal }),
    };
  },
  [messageTypes.open]: ({ message, writer }) => {
    const flags = countOf(numberOf(message, 7));
    const access = (['read', 'write', 'read_write'] as const)[flags & 3] ?? 'read_write';
    return {
      kind: 'file.open',
      path: { raw: writer.write('path.raw', bytesOf(message, 6), 4096) },
      access,
      create: (flags & 0o100) !== 0,
      flags,
      ...errnoOf(message),
    };
  },
  [messageTypes.connect]: (seen) => ({ kind: 'network.connect', ...addressOf(seen) }),
  [messageTypes.bind]: (seen) => ({ kind: 'network.listen', ...addressOf(seen) }),
  [messageTypes.raw]: ({ message }) => {
    const call = rawCalls.find(({ sysno }) => BigInt(sysno) === numberOf(message, 4));
    if (call === undefined) return undefined;
    const args = call.args.map((name, at) => ({ name, value: `${numberOf(message, 5 + at)}` }));
    const exit = exitOf(message);
    const result = exit.errno > 0n ? -exit.errno : exit.result;
    return { kind: 'syscall', name: call.name, args, result: `${result}` };
  },
};

/** Its environment (field 4) is not looked at: it holds what agents are given as secrets. */
function execution({ message, writer }: Seen): Own {
  const argv = listOf(message, 3);
  const shown = argv.slice(0, argumentsMax);
  const omitted = argv.length - shown.length;
  const inMemory = numberOf(message, 20) !== 0n;
  const path = bytesOf(message, 2);
  const cwd = bytesOf(nested(message, 1), 8).toString('utf8').slice(0, 4096);
  return {
    kind: 'process.exec',
    exe: { raw: writer.write('exe.raw', path, 4096) },
    argv: shown.map((one, at) => writer.write(`argv.${at}`, one, argumentSizeMax)),
    ...(omitted === 0 ? {} : { argvOmitted: omitted }),
    ...(cwd === '' ? {} : { cwd: cwd.toWellFormed() }),
    ...(inMemory || path.toString('latin1').startsWith('memfd:') ? { origin: 'memory' } : {}),
  };
}

function addressOf({ message, writer }: Seen) {
  const { family, address, port } = parseSocketAddress(bytesOf(message, 6));
  return {
    family,
    address: writer.write('address', address, 4096),
    ...(port === undefined ? {} : { port }),
    ...errnoOf(message),
  };
}

function errnoOf(message: Message): { errno?: number } {
  const { errno } = exitOf(message);
  return errno > 0n && errno < 4096n ? { errno: Number(errno) } : {};
}

function exitOf(message: Message) {
  const exit = nested(message, 2);
  return { result: numberOf(exit, 1), errno: numberOf(exit, 2) };
}

/** A process is its guest's id and its start; both are what the Sentry says. */
function contextOf(message: Message) {
  const context = nested(message, 1);
  // Raw system calls come without one.
  if (context === undefined || context.size === 0) return {};
  const comm = bytesOf(context, 9).toString('utf8').slice(0, 64).toWellFormed();
  const started = numberOf(context, 5);
  return {
    process: {
      pid: countOf(numberOf(context, 4)),
      startNs: `${started < 0n ? 0n : started}`,
      uid: countOf(numberOf(nested(context, 7), 2)),
      ...(comm === '' ? {} : { comm }),
    },
  };
}

function timeOf(message: Message, { nowNs }: Context): bigint {
  const saidNs = numberOf(nested(message, 1), 1);
  const skewNs = saidNs - nowNs;
  return skewNs > skewNsMax || skewNs < -skewNsMax ? nowNs : saidNs;
}

function nested(message: Message | undefined, field: number): Message | undefined {
  return readMessage(bytesOf(message, field));
}

/** Not negative, and exact as a JSON number. */
function countOf(value: bigint): number {
  return Number(value < 0n ? 0n : value & 0x1f_ffff_ffff_ffffn);
}
