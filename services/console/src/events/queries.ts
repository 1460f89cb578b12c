// The console's questions to the store: few at once, bounded in time, every row parsed.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Parameter } from '@sandtrail/store/connection';
import type { StoreReader } from '@sandtrail/store/store';
import * as z from 'zod';

/** One question. The statement carries its own LIMIT. */
export interface Question<S extends z.ZodType> {
  readonly sql: string;
  readonly params?: Readonly<Record<string, Parameter>>;
  /** What each row is. */
  readonly row: S;
  readonly signal?: AbortSignal | undefined;
  readonly timeSecondsMax?: number;
}

interface QueriesOptions {
  readonly store: Pick<StoreReader, 'query'>;
  readonly clock: Clock;
  readonly counters: Counters;
}

const Copies = z.object({ copies: z.coerce.number() });
const copiesKnownMs = 30_000;
const underWayMax = 4;
const waitingMax = 64;
const timeSecondsDefault = 10;

/** Whatever the console asks goes through here, so that no window starves the recorder. */
export class Queries {
  readonly #options: QueriesOptions;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #copies: { readonly untilMs: number; readonly found: Promise<boolean> } | undefined;

  constructor(options: QueriesOptions) {
    this.#options = options;
  }

  /**
   * All rows of the answer.
   * @throws SandtrailError `CONSOLE_BUSY` when too many wait, and as the store's `query`
   */
  async rows<S extends z.ZodType>(question: Question<S>): Promise<readonly z.output<S>[]> {
    const rows: z.output<S>[] = [];
    for await (const row of this.stream(question)) rows.push(row);
    return rows;
  }

  /** The one row of an answer that has one or none. */
  async row<S extends z.ZodType>(question: Question<S>): Promise<z.output<S> | undefined> {
    const [row] = await this.rows(question);
    return row;
  }

  /**
   * What takes each row once: nothing, unless a crash left a block twice. Telling rows apart costs
   * memory for each of them, so it is done only where there is something to tell apart.
   */
  async once(): Promise<string> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#copies === undefined || this.#copies.untilMs < nowMs) {
      this.#copies = { untilMs: nowMs + copiesKnownMs, found: this.#hasCopies() };
      // An answer that did not come is asked for again the next time.
      this.#copies.found.catch(() => {
        this.#copies = undefined;
      });
    }
    return (await this.#copies.found) ? 'LIMIT 1 BY chain, pos' : '';
  }

  async #hasCopies(): Promise<boolean> {
    const chain = 'SELECT count() > max(pos) - min(pos) + 1 AS more FROM sealed GROUP BY chain';
    const sql = `SELECT countIf(more) AS copies FROM (${chain}) LIMIT 1`;
    return ((await this.row({ sql, row: Copies }))?.copies ?? 0) > 0;
  }

  /** Rows as they come: a caller that keeps little of each keeps memory flat. */
  async *stream<S extends z.ZodType>(question: Question<S>): AsyncGenerator<z.output<S>> {
    const { sql, params = {}, row, signal, timeSecondsMax = timeSecondsDefault } = question;
    await this.#enter();
    try {
      this.#options.counters.add('console.queries');
      const abort = signal === undefined ? {} : { signal };
      const options = { params, timeSecondsMax, ...abort };
      for await (const line of this.#options.store.query(sql, options))
        yield row.parse(JSON.parse(line));
    } finally {
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    if (this.#underWay >= underWayMax) {
      if (this.#waiting.length >= waitingMax) {
        this.#options.counters.add('console.refused', 1, 'queries');
        throw new SandtrailError('CONSOLE_BUSY', { detail: `${waitingMax} queries wait` });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay += 1;
  }
}
