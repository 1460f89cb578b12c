// Waiting for something that other processes bring about.
import { setTimeout as delay } from 'node:timers/promises';

interface Wait {
  /** What is waited for, in words, for the error. */
  readonly what: string;
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/** Resolves with the first value that is neither undefined nor false; throws when none comes. */
export async function until<T>(
  look: () => T | Promise<T>,
  { what, withinMs = 15_000, everyMs = 20 }: Wait,
): Promise<Exclude<T, undefined | false>> {
  const beganMs = performance.now();
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    if (performance.now() - beganMs > withinMs)
      throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(everyMs);
  }
}

function isThere<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
