// The one event source of the console: what it follows, how far behind it is, and its rows by frame.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { LiveEnd, LiveReset, LiveRows, LiveStatus } from '@sandtrail/console/contract/live';
import { addressOf, type Query } from '../api/ask.ts';
import { browserNowMs } from '../time/clock.ts';

/** How the feed stands. `status` is the server's latest; `atMs` is when it came. */
export interface FeedState {
  readonly phase: 'closed' | 'connecting' | 'open' | 'broken';
  readonly status: LiveStatus | undefined;
  readonly atMs: number;
  /** Messages that were no messages of the contract. */
  readonly unreadable: number;
  /** Why the feed could not go on where it was, or ended. */
  readonly notice: string | undefined;
}

type RowsListener = (rows: readonly EventRow[]) => void;

const retryMs = 2000;
const waitingMax = 20_000;

/** Follows one filter at a time; rows that came within a frame are told together. */
export class LiveFeed {
  #source: EventSource | undefined;
  #query: Query = {};
  #after: string | undefined;
  #waiting: EventRow[] = [];
  #frame = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #state: FeedState = closed;
  readonly #onState = new Set<() => void>();
  readonly #onRows = new Set<RowsListener>();

  /** The latest state; a new object whenever something changed. */
  readonly state = (): FeedState => this.#state;

  /** Calls on every change of state until the returned function is called. */
  readonly onState = (listener: () => void): (() => void) => {
    this.#onState.add(listener);
    return () => this.#onState.delete(listener);
  };

  /** Hands over the rows of each frame until the returned function is called. */
  onRows(listener: RowsListener): () => void {
    this.#onRows.add(listener);
    return () => this.#onRows.delete(listener);
  }

  /** Follows `query` from now on, from behind the cursor `after` when it is given. */
  follow(query: Query, after?: string): void {
    this.#query = query;
    this.#after = after;
    this.#waiting = [];
    this.#tell({ ...closed, phase: 'connecting', atMs: browserNowMs() });
    this.#connect();
  }

  /** Ends it. */
  close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
    this.#tell(closed);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource(addressOf('/live', { ...this.#query, after: this.#after }));
    this.#source = source;
    source.addEventListener('rows', (event) => this.#take(event));
    source.addEventListener('status', (event) => {
      const status = this.#parse(LiveStatus, event);
      if (status !== undefined) this.#tell({ phase: 'open', status, atMs: browserNowMs() });
    });
    source.addEventListener('reset', (event) => {
      const reset = this.#parse(LiveReset, event);
      if (reset !== undefined) this.#tell({ notice: resetText(reset) });
    });
    source.addEventListener('end', (event) => {
      const end = this.#parse(LiveEnd, event);
      if (end !== undefined) this.#tell({ notice: `The feed ended: ${end.detail} (${end.code})` });
    });
    source.addEventListener('error', () => this.#broken(source));
  }

  /** A browser gives up on a feed that was refused: then it is asked for anew, from where it was. */
  #broken(source: EventSource): void {
    if (source !== this.#source) return;
    this.#tell({ phase: 'broken' });
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), retryMs);
  }

  #take(event: MessageEvent): void {
    const message = this.#parse(LiveRows, event);
    if (message === undefined) return;
    this.#after = event.lastEventId === '' ? this.#after : event.lastEventId;
    this.#waiting.push(...message.rows);
    // A tab in the background draws no frames: its rows are handed over before they pile up.
    if (this.#waiting.length >= waitingMax) this.#handOver();
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#handOver());
  }

  #handOver(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const rows = this.#waiting;
    this.#waiting = [];
    if (rows.length > 0) for (const listener of this.#onRows) listener(rows);
  }

  #parse<T>(schema: Message<T>, event: MessageEvent): T | undefined {
    const parsed = schema.safeParse(jsonOf(String(event.data)));
    if (parsed.success) return parsed.data;
    this.#tell({ unreadable: this.#state.unreadable + 1 });
    return undefined;
  }

  #tell(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#onState) listener();
  }
}

interface Message<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

const closed: FeedState = {
  phase: 'closed',
  status: undefined,
  atMs: 0,
  unreadable: 0,
  notice: undefined,
};

function resetText({ reason, missed }: LiveReset): string {
  const count = missed === null ? 'an unknown number of' : missed;
  const why = {
    not_kept: 'the log no longer keeps what came after it',
    too_far_back: 'it lies too far back',
    another_log: 'this is another log now',
  }[reason];
  return `The feed could not go on where it was: ${why}. ${count} records were passed by.`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return { cause: String(cause) };
  }
}
