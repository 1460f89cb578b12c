// How long to wait before the next attempt: doubling, bounded, and spread so that senders do not march in step.
import type { Random } from '@sandtrail/runtime/clock';

interface BackoffOptions {
  readonly baseMs: number;
  readonly msMax: number;
  readonly random: Random;
}

/** Milliseconds before attempt `attempt` (from 1): half of the doubled base, and up to as much again. */
export function backoffMs(attempt: number, { baseMs, msMax, random }: BackoffOptions): number {
  const doubled = Math.min(msMax, baseMs * 2 ** Math.min(attempt - 1, 30));
  return doubled * (0.5 + random(2).readUInt16BE() / 131_072);
}
