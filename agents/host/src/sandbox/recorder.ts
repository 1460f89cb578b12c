// The port through which a runner records its sandbox: one numbered stream for each of its collectors.
import type { Redaction } from '@sandtrail/schemas/body';
import type { Observation } from '@sandtrail/schemas/observation';
import type { StreamId } from '@sandtrail/schemas/stream';
import type { EffectiveMode, Gap } from '../collector.ts';

/** Where a stream ended. */
export interface StreamEnd {
  readonly stream: StreamId;
  readonly lastSeq: bigint;
}

/** An open stream about the sandbox. `emit` and `lost` are cheap and never throw. */
export interface RecorderStream {
  emit(observation: Observation, how?: { readonly redactions?: readonly Redaction[] }): void;
  lost(gap: Gap): void;
  /** Ends the stream in order; resolves when all of it is in the log or, durably, in the spool. */
  close(reason: string): Promise<StreamEnd>;
}

/** Opens streams; the kit is behind it. */
export interface SandboxRecorder {
  open(collector: string, mode: EffectiveMode): Promise<RecorderStream>;
}
