// The kit's stream as a sandbox's socket uses it.
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

/** Opens the stream of one sandbox's senders. */
export type OpenSenderStream = (life: Registration) => Promise<SenderStream>;
