// What speaks for the senders inside sandboxes, as their sockets use it: the kit.
import type { Observation } from '@sandtrail/schemas/observation';
import type { Registration } from './sandbox-registry.ts';

/** Records that were lost on the way from a sender to its socket. */
export interface SenderLoss {
  readonly source: string;
  readonly count: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly reason: 'oversize' | 'malformed' | 'ring_full';
}

/** Numbers, redacts and ships what a sandbox's senders say. */
export interface SenderStream {
  emit(observation: Observation): void;
  lost(loss: SenderLoss): void;
  close(reason: string): Promise<void>;
}

/** The streams of all sandboxes' senders. */
export interface Senders {
  /** Opens the stream of one sandbox's senders. */
  open(life: Registration): Promise<SenderStream>;
  /** Ends all streams; what they took is in the log or in the spool. */
  close(): Promise<void>;
}
