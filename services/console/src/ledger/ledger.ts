// The console's memory of what was found and done: books that one fold over the log fills.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import type { Queries } from '../events/queries.ts';
import { AlertBook } from './alert-book.ts';
import { ContainmentBook } from './containment-book.ts';
import { startFold } from './log-fold.ts';
import { VerificationBook } from './verification-book.ts';

/** The books. They hold what the log holds, and nothing is written into them from elsewhere. */
export interface Books {
  readonly alerts: AlertBook;
  readonly containment: ContainmentBook;
  readonly verifications: VerificationBook;
}

interface LedgerOptions {
  readonly queries: Queries;
  readonly bus: Pick<LogReader, 'read' | 'arrival' | 'bounds'>;
  readonly places: readonly Place[];
  readonly chainOf: (place: Place) => string | undefined;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Books that are being filled. */
export interface Ledger {
  /** The books, once the past is in them. */
  books(): Promise<Books>;
  close(): Promise<void>;
}

const kinds = ['finding', 'containment.', 'control.alert', 'control.verification'];
const topics = ['findings', 'containment', 'control'];
const pastMax = 20_000;
const againMs = 2000;

/** Begins at once; where reading breaks, it begins again with empty books. */
export function startLedger(options: LedgerOptions): Ledger {
  const closing = new AbortController();
  const { signal } = closing;
  let ready = Promise.withResolvers<Books>();
  let isFilled = false;
  const run = async () => {
    while (!signal.aborted) {
      const books = {
        alerts: new AlertBook(),
        containment: new ContainmentBook(),
        verifications: new VerificationBook(),
      };
      try {
        const { ended } = await startFold({
          ...options,
          places: options.places.filter(({ topic }) => topics.includes(topic)),
          ...{ kinds, pastMax, signal },
          take(entry) {
            books.alerts.take(entry);
            books.containment.take(entry);
            books.verifications.take(entry);
          },
        });
        ready.resolve(books);
        isFilled = true;
        await ended;
      } catch (error) {
        if (signal.aborted) return;
        options.counters.add('console.ledger_restarts');
        options.log.warn('the books are read again', { error: `${error}` });
        // Who waits for the first books goes on waiting for them.
        if (isFilled) ready = Promise.withResolvers<Books>();
        isFilled = false;
        await pause(againMs, signal);
      }
    }
  };
  const running = run();
  return {
    books: () => ready.promise,
    async close() {
      closing.abort();
      await running;
    },
  };
}
