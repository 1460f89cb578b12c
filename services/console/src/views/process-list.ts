// The processes of a sandbox, put together from forks, executions, exits and what each did.

import { Body } from '@sandtrail/schemas/events';
import type { Severity } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { type Family, familyOf } from '../contract/family.ts';
import type { ProcessList, SandboxProcess } from '../contract/processes.ts';
import type { SandboxPath } from '../contract/scalars.ts';
import type { EventReading } from '../events/event-page.ts';
import { evidencePairs } from '../events/evidence-pairs.ts';
import { StoredBody, storedBodies } from '../events/stored-bodies.ts';
import type { AlertBook } from '../ledger/alert-book.ts';

type Process = z.input<typeof SandboxProcess>;
type Draft = { -readonly [F in keyof Process]: Process[F] } & { ppid: number | undefined };

const shownMax = 5000;
const recordsMax = 50_000;

const Did = z.object({
  pid: z.coerce.number(),
  start: z.string(),
  kind: z.string(),
  rows: z.coerce.number(),
});
const Witness = z.object({ pid: z.coerce.number(), start: z.string(), name: z.string() });
const Watched = z.object({ rows: z.coerce.number() });

interface ProcessReading extends EventReading {
  readonly alerts: AlertBook;
}

/** All of them up to the bound, which the list states. */
export async function processList(
  { uid, incarnation }: z.output<typeof SandboxPath>,
  { queries, signal, alerts }: ProcessReading,
): Promise<z.input<typeof ProcessList>> {
  const own = 'sandbox = {s:String} AND incarnation = {i:UInt32}';
  const params = { s: uid, i: incarnation };
  const kinds = "kind IN ('process.fork', 'process.exec', 'process.exit')";
  const book = new ProcessBook();
  const records = queries.stream({
    sql: storedBodies({ condition: `${own} AND ${kinds}`, limit: recordsMax }),
    params,
    row: StoredBody,
    signal,
  });
  for await (const { c: chain, p: pos, t, body } of records) {
    const parsed = Body.safeParse(body);
    if (parsed.success) book.take({ at: { chain, pos }, timeNs: t, body: parsed.data });
  }
  const did = await queries.rows({
    sql: `
SELECT pid, JSONExtractString(body, 'process', 'startNs') AS start, kind, count() AS rows
FROM sealed WHERE ${own} AND pid > 0 GROUP BY pid, start, kind LIMIT 50000`,
    params,
    row: Did,
    signal,
  });
  for (const each of did) book.count(each);
  for (const found of await findingsByProcess({ uid, incarnation }, { queries, signal, alerts }))
    book.find(found);
  const watched = await queries.row({
    sql: `SELECT count() AS rows FROM sealed WHERE ${own} AND startsWith(kind, 'process.') LIMIT 1`,
    params,
    row: Watched,
    signal,
  });
  const processes = book.processes();
  const shown = processes.slice(0, shownMax);
  const isWatched = (watched?.rows ?? 0) > 0;
  return { processes: shown, shown: shown.length, total: processes.length, isWatched };
}

interface FoundIn {
  readonly pid: number;
  readonly start: string;
  readonly severity: Severity;
}

const evidenceMax = 500;

/** A finding counts once for each process whose records it rests on. */
async function findingsByProcess(
  { uid, incarnation }: z.output<typeof SandboxPath>,
  { queries, signal, alerts }: ProcessReading,
): Promise<readonly FoundIn[]> {
  const findings = alerts.all
    .map(({ finding }) => finding)
    .filter((each) => each.sandbox === uid && each.incarnation === incarnation);
  const evidence = findings.flatMap((each) => each.evidence).slice(-evidenceMax);
  if (evidence.length === 0) return [];
  const { pairs, params } = evidencePairs(evidence);
  const rows = await queries.rows({
    sql: `
SELECT pid, JSONExtractString(body, 'process', 'startNs') AS start,
  concat(stream, ' ', toString(seq)) AS name
FROM sealed WHERE (stream, seq) IN (${pairs}) AND pid > 0
LIMIT 1 BY chain, pos LIMIT ${evidenceMax}`,
    params,
    row: Witness,
    signal,
  });
  return findings.flatMap(({ severity, evidence: own }) => {
    const names = new Set(own.map(({ stream, seq }) => `${stream} ${seq}`));
    const processes = rows.filter(({ name }) => names.has(name));
    const once = new Map(processes.map(({ pid, start }) => [`${pid} ${start}`, { pid, start }]));
    return [...once.values()].map((each) => ({ ...each, severity }));
  });
}

interface ProcessRecord {
  readonly at: { readonly chain: string; readonly pos: string };
  readonly timeNs: string;
  readonly body: Body;
}

/** Processes by pid and start time, as their records come in order of time. */
class ProcessBook {
  readonly #drafts = new Map<string, Draft>();
  /** The newest process of a pid: a child names its parent by pid alone. */
  readonly #newest = new Map<number, string>();

  take({ at, timeNs, body }: ProcessRecord): void {
    const { process } = body;
    if (process === undefined) return;
    const draft = this.#draft(process.pid, `${process.startNs}`, timeNs);
    draft.ppid ??= process.ppid;
    draft.uid = process.uid ?? draft.uid;
    if (body.kind === 'process.exec') {
      draft.execs += 1;
      if (body.errno !== undefined && body.errno !== 0) return;
      const { exe, argv, argvOmitted, cwd, origin } = body;
      draft.exe = { raw: exe.raw, resolved: exe.resolved ?? null };
      draft.argv = argv;
      draft.argvOmitted = argvOmitted ?? 0;
      draft.cwd = cwd ?? draft.cwd;
      draft.origin = origin ?? draft.origin;
      draft.at = at;
    }
    if (body.kind === 'process.exit') {
      draft.exitAtNs = timeNs;
      draft.exitCode = body.code ?? null;
      draft.exitSignal = body.signal ?? null;
    }
    if (body.kind === 'process.fork' && body.childStartNs !== undefined) {
      const child = this.#draft(body.childPid, `${body.childStartNs}`, timeNs);
      child.parent = { pid: process.pid, startNs: `${process.startNs}` };
      child.at ??= at;
    }
  }

  count({ pid, start, kind, rows }: z.output<typeof Did>): void {
    const draft = this.#drafts.get(`${pid} ${start}`);
    if (draft === undefined) return;
    const family: Family = familyOf(kind);
    draft.events[family] = (draft.events[family] ?? 0) + rows;
  }

  find({ pid, start, severity }: FoundIn): void {
    const draft = this.#drafts.get(`${pid} ${start}`);
    if (draft !== undefined) draft.findings[severity] = (draft.findings[severity] ?? 0) + 1;
  }

  /** In order of first sight, each with its parent or why it has none. */
  processes(): Process[] {
    const first = [...this.#drafts.values()][0];
    return [...this.#drafts.values()].map(({ ppid, ...draft }) => {
      const parent = draft.parent ?? this.#parentBefore(ppid, draft);
      const isKnown = parent !== null && this.#drafts.has(`${parent.pid} ${parent.startNs}`);
      if (isKnown) return { ...draft, parent, orphan: 'no' as const };
      return { ...draft, parent: null, orphan: orphanhood(draft, first) };
    });
  }

  #parentBefore(ppid: number | undefined, { pid }: { readonly pid: number }) {
    const key = ppid === undefined || ppid === pid ? undefined : this.#newest.get(ppid);
    const draft = key === undefined ? undefined : this.#drafts.get(key);
    return draft === undefined ? null : { pid: draft.pid, startNs: draft.startNs };
  }

  #draft(pid: number, startNs: string, timeNs: string): Draft {
    const key = `${pid} ${startNs}`;
    const known = this.#drafts.get(key);
    if (known !== undefined) return known;
    const draft: Draft = {
      ...{ pid, startNs, parent: null, orphan: 'not_seen', uid: null, exe: null, argv: [] },
      ...{ argvOmitted: 0, cwd: null, origin: null, firstAtNs: timeNs, exitAtNs: null },
      ...{ exitCode: null, exitSignal: null, execs: 0, events: {}, findings: {}, at: null },
      ppid: undefined,
    };
    this.#drafts.set(key, draft);
    this.#newest.set(pid, key);
    return draft;
  }
}

type Birth = Pick<Process, 'pid' | 'startNs'>;

/** Who has no parent here is the first one, was there before it, or its start was not seen. */
function orphanhood({ pid, startNs }: Birth, first: Birth | undefined): Process['orphan'] {
  if (first === undefined || (pid === first.pid && startNs === first.startNs)) return 'root';
  return BigInt(startNs) < BigInt(first.startNs) ? 'before_start' : 'not_seen';
}
