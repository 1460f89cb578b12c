// Which records of each stream were judged: each (stream, seq) counts once, and a hole is noticed.
import { Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

const streamsMax = 16_384;

const Entries = z.array(z.tuple([z.string(), Uint64]));

/** What a record is to its stream: a repetition, or new with so many records missing before it. */
export type Arrival = 'repeated' | { readonly missing: bigint };

/** Remembers the next expected number of each stream, at most 16,384 of them; the one opened first gives way. */
export class StreamLedger {
  readonly #next = new Map<string, bigint>();
  evicted = 0;

  /** Takes a record in. A stream that is new here starts wherever its first record stands. */
  take(stream: string, seq: bigint): Arrival {
    const next = this.#next.get(stream);
    if (next === undefined) {
      if (this.#next.size >= streamsMax) this.#evict();
      this.#next.set(stream, seq + 1n);
      return { missing: 0n };
    }
    if (seq < next) return 'repeated';
    this.#next.set(stream, seq + 1n);
    return { missing: seq - next };
  }

  snapshot(): unknown {
    return z.encode(Entries, [...this.#next]);
  }

  restore(state: unknown): void {
    this.#next.clear();
    for (const [stream, next] of Entries.parse(state)) this.#next.set(stream, next);
  }

  #evict(): void {
    const [oldest] = this.#next.keys();
    if (oldest !== undefined) this.#next.delete(oldest);
    this.evicted += 1;
  }
}
