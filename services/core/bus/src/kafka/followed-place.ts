// One place as a reader follows it: what was read lately, how far the log goes, who waits for more.
import type { LogRecord, Place, ReadOptions } from '../bus.ts';
import { type Chunk, RecordWindow } from './record-window.ts';

interface Waiter {
  readonly offset: bigint;
  readonly wake: () => void;
}

const windowBytesMax = 8 * 1024 * 1024;
/** So much is read ahead of the reader that is furthest; more is fetched when it is asked for. */
const aheadBytesMax = 2 * 1024 * 1024;

/** Followed from the first time that somebody waits for its end. */
export class FollowedPlace {
  readonly place: Place;
  readonly #recent = new RecordWindow({ sizeBytesMax: windowBytesMax });
  /** The page that a reader who lags is in. */
  readonly #behind = new RecordWindow({ sizeBytesMax: 1 });
  readonly #waiters = new Set<Waiter>();
  #position: bigint | undefined;
  #readTo = 0n;
  #end = 0n;

  constructor(place: Place) {
    this.place = place;
  }

  /** The offset to fetch next; undefined while nobody follows or enough is read ahead. */
  get wanted(): bigint | undefined {
    const isEnough = this.#recent.bytesAfter(this.#readTo) >= aheadBytesMax;
    return isEnough && this.#waiters.size === 0 ? undefined : this.#position;
  }

  /** What is at hand from `options.from` on; undefined: it must be fetched. */
  serve(options: ReadOptions): readonly LogRecord[] | undefined {
    const served = this.#recent.serve(options) ?? this.#behind.serve(options);
    const last = served?.at(-1)?.offset ?? 0n;
    if (last >= this.#readTo) this.#readTo = last + 1n;
    return served;
  }

  /** Takes what was fetched for a reader: it may be what comes next, or lie far back. */
  take(chunk: Chunk): void {
    if (chunk.from === this.#recent.next || chunk.from === this.#position) this.follow(chunk);
    else this.#behind.extend(chunk);
  }

  /** Takes what was fetched at the end. */
  follow(chunk: Chunk): void {
    if (chunk.next > chunk.from) this.#recent.extend(chunk);
    if (this.#position !== undefined) this.#position = chunk.next;
    this.reaches(chunk.next);
  }

  /** What the log told about its end. */
  reaches(end: bigint): void {
    if (end > this.#end) this.#end = end;
    for (const waiter of this.#waiters) if (waiter.offset < this.#end) waiter.wake();
  }

  /** The log does not have the offset that was asked for: it goes on here. */
  moveTo(offset: bigint): void {
    this.#position = offset;
  }

  /** Resolves when the record at `offset` was seen in the log, or when one of `ends` aborts. */
  async wait(offset: bigint, ends: readonly AbortSignal[]): Promise<void> {
    if (offset < this.#end || ends.some((end) => end.aborted)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { offset, wake: resolve };
    this.#waiters.add(waiter);
    const lowest = [...this.#waiters].reduce(
      (low, each) => (each.offset < low ? each.offset : low),
      offset,
    );
    if (this.#position === undefined || this.#position < lowest) this.#position = lowest;
    const leave = () => resolve();
    for (const end of ends) end.addEventListener('abort', leave, { once: true });
    await promise;
    for (const end of ends) end.removeEventListener('abort', leave);
    this.#waiters.delete(waiter);
  }
}
