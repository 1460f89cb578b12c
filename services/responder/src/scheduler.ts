// The port to the sandbox's scheduler: what carries a signed request out and reports what became of it.
import type { ContainmentResult, SignedRequest } from '@sandtrail/schemas/containment';

/**
 * Carries requests out. Results come in order: applied (or failed, already_gone, released), then
 * verified at once, after 1 s and after 10 s. The same request again acts no second time and gives
 * the same results. Iterating throws when the request is refused or the scheduler is out of reach.
 */
export interface Scheduler {
  contain(signed: SignedRequest, signal: AbortSignal): AsyncIterable<ContainmentResult>;
}

/** A scheduler that tells results through a callback and resolves after the last. */
export type TellingScheduler = (
  signed: SignedRequest,
  onResult: (result: ContainmentResult) => void,
) => Promise<void>;

/**
 * The port over a scheduler that calls back, such as a connection to the host daemon.
 *
 * @example
 * const scheduler = schedulerOf((signed, onResult) => connection.contain(signed, onResult));
 */
export function schedulerOf(contain: TellingScheduler): Scheduler {
  return {
    async *contain(signed, signal) {
      const told: ContainmentResult[] = [];
      let wake = Promise.withResolvers<void>();
      let over = false;
      const done = contain(signed, (result) => {
        // Three looks and an act: more than this many results is a fault of the scheduler.
        if (told.length < resultsMax) told.push(result);
        wake.resolve();
      }).finally(() => {
        over = true;
        wake.resolve();
      });
      const failed = done.then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      const stop = () => wake.resolve();
      signal.addEventListener('abort', stop, { once: true });
      for (let next = 0; ; next += 1) {
        while (next >= told.length && !over && !signal.aborted) {
          await wake.promise;
          wake = Promise.withResolvers<void>();
        }
        const result = told[next];
        if (result === undefined || signal.aborted) break;
        yield result;
      }
      signal.removeEventListener('abort', stop);
      const failure = signal.aborted ? undefined : await failed;
      if (failure !== undefined) throw failure.error;
    },
  };
}

const resultsMax = 16;
