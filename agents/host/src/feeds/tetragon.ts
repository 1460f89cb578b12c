// Tetragon: its export file or `tetra getevents -o json`, one event a line.
import { constants } from 'node:os';
import { type Feed, type FeedEntry, jsonOfLine, refusal, rfc3339Ns } from '@sandtrail/kit/feed';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import * as z from 'zod';

/** protobuf's JSON writes 64-bit numbers as text and leaves out what is zero. */
const Number32 = z.int().min(0).max(4_294_967_295);
const Process = z.looseObject({
  pid: Number32.optional(),
  uid: Number32.optional(),
  cwd: z.string().optional(),
  binary: z.string().default(''),
  arguments: z.string().default(''),
  start_time: z.string().max(64).optional(),
});
const Parent = z.looseObject({ pid: Number32.optional() }).optional();
const Sock = z.looseObject({
  family: z.string().optional(),
  daddr: z.string().optional(),
  dport: z.int().min(0).max(65_535).optional(),
});
const Argument = z.looseObject({ sock_arg: Sock.optional(), label: z.string().optional() });
const Call = z.looseObject({
  process: Process,
  parent: Parent,
  function_name: z.string().max(256).optional(),
  event: z.string().max(256).optional(),
  args: z.array(Argument).max(64).default([]),
});

/** `GetEventsResponse` in `events.proto`: one of these keys, and what is common to all. */
const Line = z.looseObject({
  time: z.string().max(64).optional(),
  process_exec: z.looseObject({ process: Process, parent: Parent }).optional(),
  process_exit: z
    .looseObject({
      process: Process,
      parent: Parent,
      status: Number32.optional(),
      signal: z.string().max(32).optional(),
    })
    .optional(),
  process_kprobe: Call.optional(),
  process_tracepoint: Call.optional(),
  process_lsm: Call.optional(),
  rate_limit_info: z
    .looseObject({ number_of_dropped_process_events: z.string().regex(/^\d{1,18}$/) })
    .optional(),
});
type Line = z.infer<typeof Line>;

/** Tetragon's process events and what its tracing policies report. */
export const tetragonFeed: Feed = {
  name: 'tetragon',
  blindSpots: [
    'calls that no tracing policy of Tetragon names',
    'arguments are one text in Tetragon: quoted ones are taken apart as it put them together',
  ],
  read(line, nowNs) {
    const json = jsonOfLine(line);
    if ('bad' in json) return [json.bad];
    const parsed = Line.safeParse(json.value);
    if (!parsed.success) return [refusal('malformed', z.prettifyError(parsed.error))];
    return [entryOf(parsed.data, rfc3339Ns(parsed.data.time ?? '') ?? nowNs)];
  },
};

function entryOf(line: Line, atNs: bigint): FeedEntry {
  const { process_exec: exec, process_exit: exit, rate_limit_info: limited } = line;
  const observedAtNs = `${atNs}`;
  if (limited !== undefined) {
    return { lost: BigInt(limited.number_of_dropped_process_events), source: 'tetragon', atNs };
  }
  if (exec !== undefined) {
    const { binary, arguments: text, cwd } = exec.process;
    const argv = [binary, ...argumentsOf(text)];
    const more = argv.length > 64 ? { argvOmitted: argv.length - 64 } : {};
    const place = cwd === undefined ? {} : { cwd };
    const facts = { exe: { raw: binary }, argv: argv.slice(0, 64), ...more, ...place };
    return observed({ kind: 'process.exec', observedAtNs, ...processOf(exec), ...facts });
  }
  if (exit !== undefined) {
    const signal = signalNumber(exit.signal);
    const end = signal === undefined ? { code: exit.status ?? 0 } : { signal };
    return observed({ kind: 'process.exit', observedAtNs, ...processOf(exit), ...end });
  }
  const call = line.process_kprobe ?? line.process_tracepoint ?? line.process_lsm;
  if (call !== undefined) return observed(callOf(call, observedAtNs));
  const key = Object.keys(line).find((each) => each.startsWith('process_'));
  return key === undefined ? refusal('malformed', 'no event') : refusal('unsupported', key);
}

type Call = z.infer<typeof Call>;

function callOf(call: Call, observedAtNs: string): Observation {
  const common = { observedAtNs, ...processOf(call) };
  const sock = call.args.find(({ sock_arg }) => sock_arg !== undefined)?.sock_arg;
  const name = nameOf(call.function_name ?? call.event ?? '');
  if (name === 'tcp_connect' && sock?.daddr !== undefined) {
    const family = sock.daddr.includes(':') ? 'inet6' : 'inet';
    const port = sock.dport ?? 0;
    return { kind: 'network.connect', ...common, family, address: sock.daddr, port };
  }
  const args = call.args.slice(0, 8).map((argument, index) => ({
    name: (argument.label ?? `arg${index}`).slice(0, 32).toWellFormed(),
    value: wordsOf(argument).slice(0, 256).toWellFormed(),
  }));
  return { kind: 'syscall', ...common, name, args };
}

/** `__x64_sys_ptrace` and `sys_ptrace` are the call that manuals name `ptrace`. */
function nameOf(raw: string): string {
  const plain = raw.replace(/^(?:__(?:x64|arm64|ia32)_)?(?:sys_(?:enter_|exit_)?)?/, '');
  const name = plain
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(0, 32);
  return name === '' ? 'unknown' : name;
}

/** An argument is an object with one key for its type; a number may be plain or in quotes. */
function wordsOf({ label: _label, ...argument }: z.infer<typeof Argument>): string {
  const [value] = Object.values(argument);
  if (typeof value === 'string' || typeof value === 'number') return `${value}`;
  const path = z.looseObject({ path: z.string() }).safeParse(value).data?.path;
  return path ?? JSON.stringify(value ?? null);
}

interface Processes {
  readonly process: z.infer<typeof Process>;
  readonly parent?: z.infer<typeof Parent>;
}

function processOf({ process, parent }: Processes): Pick<ObservationOf<'process.exit'>, 'process'> {
  const { pid, uid, binary, start_time: start } = process;
  if (pid === undefined) return {};
  const ppid = parent?.pid === undefined ? {} : { ppid: parent.pid };
  const startNs = `${rfc3339Ns(start ?? '') ?? 0n}`;
  return { process: { pid, startNs, ...ppid, ...(uid === undefined ? {} : { uid }), exe: binary } };
}

/** Tetragon joins arguments by blanks and quotes those that hold some. */
function argumentsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function signalNumber(name: string | undefined): number | undefined {
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1];
}

function observed(observation: Observation): FeedEntry {
  return { observations: [observation] };
}
