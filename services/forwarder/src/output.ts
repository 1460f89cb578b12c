// The port of outputs: where sealed events go, and what is known of each once it was sent.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Severity } from '@sandtrail/schemas/scalars';
import type * as z from 'zod';

/** One event for a destination. Its text is one line of OCSF JSON within the destination's bound. */
export interface Message {
  /** `chain:position`: who gets it twice knows it by this. */
  readonly uid: string;
  readonly chain: string;
  readonly pos: bigint;
  readonly kind: string;
  readonly sandbox: string;
  readonly severity: z.infer<typeof Severity>;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly text: string;
}

/** What is known of one message: taken, to be sent again, or refused for ever, and why (a code). */
export type Verdict = 'delivered' | 'again' | { readonly rejected: string };

/** An open output. */
export interface Output {
  /**
   * Sends messages in order and resolves with one verdict for each, in the same order. `delivered`
   * means that the destination has taken it, as far as its protocol can tell. Throws a
   * SandtrailError (`DESTINATION_UNREACHABLE`, `DESTINATION_REFUSED`, `KEY_UNUSABLE`) when nothing
   * is known of any: all are sent again. Ends soon after `signal` aborts. One call at a time.
   */
  deliver(messages: readonly Message[], signal: AbortSignal): Promise<readonly Verdict[]>;
  close(): Promise<void>;
}

/** What outputs get from outside. */
export interface OutputParts {
  readonly clock: Clock;
  readonly random: Random;
  /** This machine's name, for destinations that ask who speaks. */
  readonly node: string;
}

/** Calls of several lanes to one output, one after another: for media that have one end alone. */
export function inTurn(output: Output): Output {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    deliver(messages, signal) {
      const next = turn.then(() => output.deliver(messages, signal));
      // A failure is its caller's; the next one in the queue has its own turn.
      turn = next.catch(() => turn);
      return next;
    },
    close: () => output.close(),
  };
}
