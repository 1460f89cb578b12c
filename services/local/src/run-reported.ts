// A run with its report: what was recorded about it, found in it and done to it, read from the log.
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { createLogger, silentLogger } from '@sandtrail/runtime/log';
import type { ContainmentResult } from '@sandtrail/schemas/containment';
import type { Body } from '@sandtrail/schemas/events';
import type { Level } from '@sandtrail/schemas/finding';
import type { Policy } from '@sandtrail/schemas/policy';
import { isServed } from './admin-client.ts';
import type { Layout } from './layout.ts';
import { newSandboxUid, runWatched } from './run-watched.ts';
import { startProduct } from './supervisor.ts';
import { type Feed, openFeed } from './tour/feed.ts';
import { effectiveConfiguration } from './up.ts';

/** What a run was, for people and for machines. */
export interface RunReport {
  readonly sandbox: string;
  readonly incarnation: number;
  readonly exitCode: number;
  readonly signal: string | undefined;
  readonly reason: string;
  readonly level: Level;
  readonly startMs: number;
  readonly durationMs: number;
  /** Events by kind, as they stand in the log. */
  readonly events: Readonly<Record<string, number>>;
  readonly findings: readonly FindingLine[];
  readonly losses: readonly {
    readonly source: string;
    readonly reason: string;
    readonly count: string;
  }[];
  readonly containment: readonly ContainmentLine[];
  readonly unenforced: readonly unknown[];
  readonly collectors: readonly unknown[];
}

interface FindingLine {
  readonly id: string;
  readonly detector: string;
  readonly severity: string;
  readonly title: string;
  readonly explanation: string;
}

interface ContainmentLine {
  readonly kind: string;
  readonly level: Level;
  readonly result: Pick<ContainmentResult, 'state' | 'check' | 'proof' | 'latencyUs'> | undefined;
}

interface ReportedRun {
  readonly layout: Layout;
  readonly policy: Policy;
  readonly command: readonly string[];
  readonly name: string;
  readonly allowWeaker: boolean;
  readonly workspace?: string;
  readonly err: (text: string) => void;
}

/** How long the log may be quiet about a sandbox that has ended until its report is closed. */
const quietMs = 400;
const settleMsMax = 5_000;

/** Runs it, on the product that serves the data directory or on one of its own for this run. */
export async function runReported(run: ReportedRun): Promise<RunReport> {
  const { layout, err } = run;
  const configuration = effectiveConfiguration(layout);
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const served = await isServed(layout.adminSocket);
  if (!served) err('sandtrail: nothing records here yet; starting a recorder for this run\n');
  const log = createLogger({ clock: systemClock, level: 'warn', part: 'run', write: err });
  const quiet = { ...configuration, logLevel: 'warn' } as const;
  const product = served
    ? undefined
    : await startProduct({ layout, configuration: quiet, user, log });
  const feed = openFeed({ socket: layout.adminSocket, clock: systemClock });
  try {
    const uid = newSandboxUid(systemRandom);
    const summary = await runWatched(
      {
        layout,
        configuration,
        clock: systemClock,
        random: systemRandom,
        counters: createCounters(),
        log: silentLogger,
      },
      {
        uid,
        name: run.name,
        policy: run.policy,
        command: run.command,
        io: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
        signals: process,
        environment: { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
        allowWeaker: run.allowWeaker,
        ...(run.workspace === undefined ? {} : { workspace: run.workspace }),
      },
    );
    const bodies = await settled(feed, uid);
    return {
      sandbox: uid,
      incarnation: 0,
      exitCode: summary.exitCode,
      signal: summary.signal,
      reason: summary.reason,
      level: summary.level,
      startMs: Math.round(summary.startMs),
      durationMs: summary.durationMs,
      unenforced: summary.unenforced,
      collectors: summary.collectors,
      ...told(bodies),
    };
  } finally {
    await feed.close();
    await product?.stop();
  }
}

/** Everything about the sandbox, once its end is in the log and nothing follows any more. */
async function settled(feed: Feed, uid: string): Promise<readonly Body[]> {
  const about = () => feed.all(({ sandbox }) => sandbox === uid).map(({ body }) => body);
  const isEnd = (seen: { readonly sandbox: string; readonly body: Body }) =>
    seen.sandbox === uid && seen.body.kind === 'sandbox.destroyed';
  await feed.find(isEnd, settleMsMax);
  for (let waitedMs = 0; waitedMs < settleMsMax; waitedMs += quietMs) {
    const before = about().length;
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    if (about().length === before) break;
  }
  return about();
}

function told(bodies: readonly Body[]) {
  const events: Record<string, number> = {};
  const findings: FindingLine[] = [];
  const losses: { source: string; reason: string; count: string }[] = [];
  const containment: ContainmentLine[] = [];
  for (const body of bodies) {
    events[body.kind] = (events[body.kind] ?? 0) + 1;
    switch (body.kind) {
      case 'finding': {
        const { id, detector, severity, title, explanation } = body.finding;
        findings.push({ id, detector, severity, title, explanation });
        break;
      }
      case 'collector.gap':
        losses.push({ source: body.source, reason: body.reason, count: body.count.toString() });
        break;
      case 'containment.requested':
        containment.push({ kind: body.kind, level: body.request.level, result: undefined });
        break;
      case 'containment.applied':
      case 'containment.verified':
      case 'containment.failed':
      case 'containment.released': {
        const { state, check, proof, latencyUs, level } = body.result;
        containment.push({ kind: body.kind, level, result: { state, check, proof, latencyUs } });
        break;
      }
      default:
    }
  }
  return { events, findings, losses, containment };
}
