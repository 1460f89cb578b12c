// Loops and waits that end in order: each takes an AbortSignal and hands its failure to its owner.
import { setTimeout as delay } from 'node:timers/promises';

/** Waits `ms`, or less when `signal` aborts; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

interface EveryOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** Runs `work` every `ms` (measured from its end) until `signal` aborts; a failure rejects. */
export async function every({ ms, signal }: EveryOptions, work: () => Promise<void> | void) {
  while (!signal.aborted) {
    await pause(ms, signal);
    if (!signal.aborted) await work();
  }
}
