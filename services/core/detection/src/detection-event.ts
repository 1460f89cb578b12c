// An event as detectors see it: what happened, about whom, believed how far, at which event time.
import type { Body } from '@sandtrail/schemas/events';
import type { Evidence } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Trust } from '@sandtrail/schemas/scalars';

/**
 * What happened: a body from the log, or an observation on the host before it was numbered. They
 * differ only in how 64-bit values stand (`bigint` or decimal text), so read those with `BigInt(…)`.
 */
export type Act = Body | Observation;

/** The act of some kinds. */
export type ActOf<K extends Act['kind']> = Extract<Act, { kind: K }>;

/** One event, ready to be judged. There is no clock but `timeNs`. */
export interface DetectionEvent {
  readonly timeNs: bigint;
  readonly trust: Trust;
  readonly act: Act;
  /** The stream's name; undefined on the host's fast path. */
  readonly stream: string | undefined;
  /** How many records of the stream should have come before this one and did not. */
  readonly missing: bigint;
  /** Its place in a finding's evidence; hashed when first asked for. */
  readonly evidence: () => Evidence;
}

/** A process's identity: pid and start time; empty when the event names no process. */
export function processKey(act: Act): string {
  const { process } = act;
  return process === undefined ? '' : `${process.pid}:${process.startNs}`;
}

/** The error number of an act that failed, 0 of one that did not or of which it is not known. */
export function errnoOf(act: { readonly errno?: number | undefined }): number {
  return act.errno ?? 0;
}
