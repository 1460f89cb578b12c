// Falco: its alerts as JSON, one a line (`json_output: true`), by file, pipe or http_output.
import { type Feed, type FeedEntry, jsonOfLine, refusal, rfc3339Ns } from '@sandtrail/kit/feed';
import type { Observation } from '@sandtrail/schemas/observation';
import * as z from 'zod';

/** What `format_event` in Falco's `formats.cpp` writes; fields that a rule does not print are absent. */
const Alert = z.looseObject({
  time: z.string().max(64),
  rule: z.string().max(4096),
  priority: z.string().max(64),
  output: z.string().default(''),
  tags: z.array(z.string()).max(1024).default([]),
  output_fields: z.record(z.string(), z.unknown()).nullable().default({}),
});
type Alert = z.infer<typeof Alert>;

type Fields = ReadonlyMap<string, unknown>;

const dropRule = 'Falco internal: syscall event drop';
const metricsRule = 'Falco internal: metrics snapshot';

/** Falco's alerts: each is told as it is, and what its event shows becomes a record of its own. */
export const falcoFeed: Feed = {
  name: 'falco',
  blindSpots: [
    'what no rule of Falco fired on: alerts are not a record of all that happened',
    'arguments are one text in Falco: one that holds a blank is cut apart',
  ],
  read(line, nowNs) {
    const json = jsonOfLine(line);
    if ('bad' in json) return [json.bad];
    const parsed = Alert.safeParse(json.value);
    if (!parsed.success) return [refusal('malformed', z.prettifyError(parsed.error))];
    return [entryOf(parsed.data, { line, nowNs })];
  },
};

function entryOf(
  alert: Alert,
  { line, nowNs }: { readonly line: string; readonly nowNs: bigint },
): FeedEntry {
  const fields: Fields = new Map(Object.entries(alert.output_fields ?? {}));
  const atNs = exactTime(line) ?? rfc3339Ns(alert.time) ?? nowNs;
  if (alert.rule === dropRule) {
    // Falco writes its counters as text.
    const drops = /^\d{1,18}$/.exec(`${fields.get('n_drops') ?? ''}`)?.[0];
    if (drops === undefined) return refusal('malformed', 'a drop without n_drops');
    return { lost: BigInt(drops), source: 'falco', atNs };
  }
  if (alert.rule === metricsRule) return refusal('no_event', 'a snapshot of metrics');
  const common = { observedAtNs: `${atNs}`, ...processOf(fields) };
  const told: Observation = {
    kind: 'feed.alert',
    ...common,
    source: 'falco',
    rule: alert.rule.slice(0, 256).toWellFormed(),
    priority: alert.priority,
    message: alert.output,
    tags: alert.tags.slice(0, 32).map((tag) => tag.slice(0, 128).toWellFormed()),
  };
  const act = actOf(fields, common);
  return { observations: act === undefined ? [told] : [told, act] };
}

/** `evt.time` is above 2^53: JSON.parse has rounded it, so it is read from the line itself. */
function exactTime(line: string): bigint | undefined {
  const digits = /"evt\.time"\s*:\s*(\d{18,19})\b/.exec(line)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

function processOf(fields: Fields) {
  const pid = count(fields.get('proc.pid'));
  if (pid === undefined) return {};
  const optional = {
    ppid: count(fields.get('proc.ppid')),
    uid: count(fields.get('user.uid')),
    comm: words(fields.get('proc.name'))?.slice(0, 64),
    exe: words(fields.get('proc.exepath')),
  };
  return { process: { pid, startNs: '0', ...present(optional) } };
}

/** The event behind the alert, where its kind is one of ours. */
function actOf(
  fields: Fields,
  common: Pick<Observation, 'observedAtNs' | 'process'>,
): Observation | undefined {
  const exe = words(fields.get('proc.exepath')) ?? words(fields.get('proc.name'));
  const file = words(fields.get('fd.name'));
  switch (fields.get('evt.type')) {
    case 'execve':
    case 'execveat': {
      if (exe === undefined) return undefined;
      const argv = (words(fields.get('proc.cmdline')) ?? exe)
        .split(' ')
        .filter((each) => each !== '');
      const cwd = present({ cwd: words(fields.get('proc.cwd')) });
      return {
        kind: 'process.exec',
        ...common,
        exe: { raw: exe },
        argv: argv.slice(0, 64),
        ...cwd,
      };
    }
    case 'open':
    case 'openat':
    case 'openat2':
    case 'creat': {
      if (file === undefined) return undefined;
      const flags = words(fields.get('evt.arg.flags')) ?? '';
      const writes = fields.get('evt.is_open_write') === true || /O_(?:WRONLY|RDWR)/.test(flags);
      const access = writes ? 'write' : 'read';
      const create = flags.includes('O_CREAT');
      return { kind: 'file.open', ...common, path: { raw: file }, access, create, flags: 0 };
    }
    case 'connect': {
      const address = words(fields.get('fd.sip')) ?? words(fields.get('fd.rip'));
      const port = count(fields.get('fd.sport')) ?? count(fields.get('fd.rport'));
      if (address === undefined || port === undefined || port > 65_535) return undefined;
      const family = address.includes(':') ? 'inet6' : 'inet';
      return { kind: 'network.connect', ...common, family, address, port };
    }
    default:
      return undefined;
  }
}

/** Falco prints `<NA>` where it does not know. */
function words(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== '<NA>' ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function present<T extends Readonly<Record<string, unknown>>>(fields: T) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}
