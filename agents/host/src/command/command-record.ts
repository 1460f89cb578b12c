// The `command` collector of one sandbox: its command line, its output and its workspace files.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Scanner } from '@sandtrail/secrets/scanner';
import type { EffectiveMode } from '../collector.ts';
import type { RecorderStream } from '../sandbox/recorder.ts';
import { OutputRecord } from './output-record.ts';
import { WorkspaceRecord } from './workspace-record.ts';

type Channel = 'stdout' | 'stderr' | 'terminal';

interface CommandRecordOptions {
  readonly stream: RecorderStream;
  readonly scanner: Scanner;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly command: readonly string[];
  /** The workspace on the host and inside; `undefined` when the sandbox cannot write there. */
  readonly workspace: { readonly root: string; readonly inside: string } | undefined;
  /** How much output is recorded as text; all of it is hashed. */
  readonly textBytesMax: number;
}

/** What this collector does, and what it cannot see. */
export const commandMode: EffectiveMode = {
  on: true,
  detail: 'command line, output, workspace files on close after write',
  blindSpots: [
    'commands that the command runs itself (the kernel sensors see those)',
    'files outside the workspace, and files that are never closed',
    'workspace files past the first 1 MiB of each',
  ],
};

/** Records one command from its start to its end. */
export class CommandRecord {
  readonly #options: CommandRecordOptions;
  readonly #channels = new Map<Channel, OutputRecord>();
  readonly #budget: { leftBytes: number };
  readonly #workspace: WorkspaceRecord | undefined;
  #startedMs = 0;

  constructor(options: CommandRecordOptions) {
    this.#options = options;
    this.#budget = { leftBytes: options.textBytesMax };
    const { stream, scanner, clock, counters, workspace } = options;
    this.#workspace =
      workspace &&
      new WorkspaceRecord({
        ...workspace,
        clock,
        counters,
        emit: (observation) => stream.emit(observation),
        lost: (gap) => stream.lost(gap),
        scan: (text) => scanner.scan(text).spans,
      });
  }

  started(): void {
    this.#startedMs = this.#options.clock.monotonicMs();
    this.#emit({ phase: 'started' });
  }

  /** Takes bytes that a channel of the command wrote. */
  output(channel: Channel, chunk: Buffer): void {
    const { scanner, clock, stream } = this.#options;
    const budget = this.#budget;
    let record = this.#channels.get(channel);
    if (record === undefined) {
      record = new OutputRecord({
        channel,
        budget,
        scanner,
        clock,
        emit: (piece, redactions) => {
          stream.emit(piece, { redactions });
        },
      });
      this.#channels.set(channel, record);
    }
    record.write(chunk);
  }

  /** Records what is still under way, then the end. */
  finished(exit: { readonly code: number; readonly signal: string | undefined }): void {
    this.close();
    const { signal } = exit;
    this.#emit({
      phase: 'finished',
      exitCode: exit.code,
      ...(signal === undefined ? {} : { signal }),
      durationMs: Math.round(this.#options.clock.monotonicMs() - this.#startedMs),
      stdoutBytes: (this.#size('stdout') ?? 0) + (this.#size('terminal') ?? 0),
      stderrBytes: this.#size('stderr') ?? 0,
    });
  }

  /** Ends the records without a word about the command, which may never have started. */
  close(): void {
    for (const record of this.#channels.values()) record.end();
    this.#workspace?.close();
  }

  #size(channel: Channel): number | undefined {
    return this.#channels.get(channel)?.sizeBytes;
  }

  #emit(own: CommandPhase): void {
    const { stream, clock, command } = this.#options;
    const observedAtNs = clock.nowNs().toString();
    stream.emit({ kind: 'command', observedAtNs, argv: [...command], ...own });
  }
}

type CommandPhase = {
  readonly phase: 'started' | 'finished';
  readonly exitCode?: number;
  readonly signal?: string;
  readonly durationMs?: number;
  readonly stdoutBytes?: number;
  readonly stderrBytes?: number;
};
