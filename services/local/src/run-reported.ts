// A run with its report: what was recorded about it, found in it and done to it, read from the log.
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { createLogger, silentLogger } from '@sandtrail/runtime/log';
import type { Level } from '@sandtrail/schemas/finding';
import type { Policy } from '@sandtrail/schemas/policy';
import { isServed } from './admin-client.ts';
import type { Layout } from './layout.ts';
import { type RunRecord, readRunRecord } from './run-record.ts';
import { newSandboxUid, runWatched } from './run-watched.ts';
import { startProduct } from './supervisor.ts';
import { effectiveConfiguration } from './up.ts';

/** What a run was, for people and for machines. */
export interface RunReport extends RunRecord {
  readonly sandbox: string;
  readonly incarnation: number;
  readonly exitCode: number;
  readonly signal: string | undefined;
  readonly reason: string;
  readonly level: Level;
  readonly startMs: number;
  readonly durationMs: number;
  readonly unenforced: readonly unknown[];
  readonly collectors: readonly unknown[];
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
    const record = await readRunRecord({ socket: layout.adminSocket, sandbox: uid }).catch(
      (error: unknown) => {
        // The command's own end stands, whatever has become of the recorder meanwhile.
        err(`sandtrail: its record cannot be read now: ${String(error)}\n`);
        return nothingTold;
      },
    );
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
      ...record,
    };
  } finally {
    await product?.stop();
  }
}

const nothingTold: RunRecord = { events: {}, findings: [], losses: [], containment: [] };
