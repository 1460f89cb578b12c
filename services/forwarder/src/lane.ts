// One lane of one destination: reads past its cursor, delivers until all is taken or dead, moves on.
import { strict as assert } from 'node:assert';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Topic } from '@sandtrail/schemas/topics';
import type { StoreReader } from '@sandtrail/store/store';
import { Attempts } from './attempts.ts';
import { type Batch, readBatch, readMessage } from './batch-reader.ts';
import type { Counts, Cursor } from './cursor.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { DeliveryFailure } from './delivery-failure.ts';
import type { MessageCache } from './message-cache.ts';
import type { Message, Output, OutputParts, Verdict } from './output.ts';
import type { Destination } from './outputs.ts';
import type { Tide } from './tide.ts';

/** What a lane is made of. */
export interface LaneOptions extends OutputParts {
  readonly topics: readonly Topic[];
  readonly settings: Destination;
  readonly output: Output;
  readonly cursor: Cursor;
  readonly dead: DeadLetters;
  readonly tide: Tide;
  readonly store: Pick<StoreReader, 'rowBatches'>;
  readonly cache: MessageCache;
  /** Told what was counted, and each failure by its code. */
  readonly onCounted: (counts: Counts) => void;
  readonly onFailure: (code: string) => void;
}

/** How a lane stands. */
export interface LaneStatus extends Counts {
  /** Rows that are stored and not behind the cursor yet. */
  readonly lagRows: number;
  /** How long ago the oldest event happened that is being delivered; 0 when none is. */
  readonly lagMs: number;
  readonly failures: number;
  readonly state: 'flowing' | 'retrying' | 'open' | 'blocked';
  /** The last failure, in words without any event's text; gone after a success. */
  readonly failure?: string | undefined;
}

const deadPauseMs = 1000;
const replayRowsMax = 100;

/** A lane; `run` it once. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #attempts: Attempts;
  #current: Batch | undefined;
  #failure: string | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { random, settings } = options;
    this.#attempts = new Attempts({ random, retryMsMax: settings.retryMsMax });
  }

  /** Delivers until `signal` aborts; one batch is read while the one before it is under way. */
  async run(signal: AbortSignal): Promise<void> {
    let ahead = this.#read(new Map(), signal);
    while (!signal.aborted) {
      const batch = await ahead;
      if (batch === undefined) return;
      ahead = this.#read(batch.ends, signal);
      // Its failure is met when it is awaited, not while this batch is delivered.
      ahead.catch((error: unknown) => this.#note(error));
      await this.#deliverBatch(batch, signal);
    }
  }

  status(): LaneStatus {
    const { cursor, clock, dead } = this.#options;
    const due = this.#due(new Map());
    const lagRows = due.reduce((sum, { from, to }) => sum + Number(to - from) + 1, 0);
    const nowMs = Number(clock.nowNs() / 1_000_000n);
    const oldestMs = lagRows === 0 ? undefined : this.#current?.oldestMs;
    const { failures, isOpen } = this.#attempts;
    const state = isOpen ? 'open' : failures > 0 ? 'retrying' : 'flowing';
    return {
      ...cursor.counts,
      lagRows,
      lagMs: oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs),
      failures,
      state: dead.isFull ? 'blocked' : state,
      failure: this.#failure,
    };
  }

  /**
   * Sends dead letters again through `output`; those that are taken leave the list. Throws what
   * `Output.deliver` throws.
   */
  async replay(output: Output, signal: AbortSignal) {
    const { dead, cursor } = this.#options;
    const letters = dead.all();
    let delivered = 0;
    for (let at = 0; at < letters.length; at += replayRowsMax) {
      const some = letters.slice(at, at + replayRowsMax);
      const read = await Promise.all(some.map((letter) => this.#message(letter, signal)));
      const known = read.filter((each) => each !== undefined);
      const verdicts = await this.#send(output, known, signal);
      const taken = known.filter((_, index) => verdicts[index] === 'delivered');
      const gone = taken.map(({ chain, pos }) => ({ chain, pos: `${pos}` }));
      await dead.remove(gone);
      const counted = { received: 0, filtered: 0, sent: gone.length, dead: -gone.length };
      await cursor.advance(new Map(), counted);
      delivered += gone.length;
    }
    return { delivered, left: dead.all().length };
  }

  /** The next batch past the cursor and past what is under way; undefined when it is over. */
  async #read(under: ReadonlyMap<string, bigint>, signal: AbortSignal): Promise<Batch | undefined> {
    const { tide, store, settings, cache } = this.#options;
    while (!signal.aborted) {
      const due = this.#due(under);
      if (due.length === 0) {
        await tide.risen(signal);
        continue;
      }
      try {
        return await readBatch(due, { store, settings, cache, signal });
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#note(error);
        await pause(settings.retryMsMax, signal);
      }
    }
    return undefined;
  }

  #due(under: ReadonlyMap<string, bigint>) {
    const { tide, cursor, topics } = this.#options;
    return tide.past((chain) => under.get(chain) ?? cursor.next(chain), topics);
  }

  async #deliverBatch(batch: Batch, signal: AbortSignal): Promise<void> {
    const { cursor, dead, onCounted } = this.#options;
    this.#current = batch;
    const rejected = await this.#deliver(batch.messages, signal);
    if (rejected === undefined) return;
    while (dead.isFull && rejected.length > 0) {
      this.#failure = 'too many dead letters: `sandtrail forward replay`';
      await pause(deadPauseMs, signal);
      if (signal.aborted) return;
    }
    await dead.add(rejected);
    const { received, messages, ends } = batch;
    const filtered = received - messages.length;
    const sent = messages.length - rejected.length;
    const counted = { received, sent, filtered, dead: rejected.length };
    await cursor.advance(ends, counted);
    this.#current = undefined;
    onCounted(counted);
  }

  /** Resolves with what was refused, once all the rest is delivered; undefined when it is over. */
  async #deliver(messages: readonly Message[], signal: AbortSignal) {
    const rejected: DeadLetter[] = [];
    let left = messages;
    while (left.length > 0) {
      if (signal.aborted) return undefined;
      const attempt = this.#attempts.isOpen ? left.slice(0, 1) : left;
      const verdicts = await this.#attempt(attempt, signal);
      if (signal.aborted) return undefined;
      if (verdicts === undefined) continue;
      left = left.filter((message, index) => {
        const verdict = verdicts[index] ?? 'again';
        if (typeof verdict === 'object')
          rejected.push({ chain: message.chain, pos: `${message.pos}`, reason: verdict.rejected });
        return verdict === 'again';
      });
    }
    return rejected;
  }

  /** One attempt and, where not all went well, the pause after it. */
  async #attempt(messages: readonly Message[], signal: AbortSignal) {
    try {
      const verdicts = await this.#send(this.#options.output, messages, signal);
      if (!verdicts.includes('again')) {
        this.#attempts.succeeded();
        this.#failure = undefined;
        return verdicts;
      }
      this.#note(new DeliveryFailure('DESTINATION_REFUSED', { detail: 'some are to come again' }));
      await pause(this.#attempts.failed(), signal);
      return verdicts;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#note(error);
      const askedMs = error instanceof DeliveryFailure ? error.retryAfterMs : undefined;
      await pause(this.#attempts.failed(askedMs), signal);
      return undefined;
    }
  }

  async #send(output: Output, messages: readonly Message[], signal: AbortSignal) {
    if (messages.length === 0) return [];
    const timeout = AbortSignal.timeout(this.#options.settings.timeoutMs);
    const verdicts: readonly Verdict[] = await output
      .deliver(messages, AbortSignal.any([signal, timeout]))
      .catch((error: unknown) => {
        if (!timeout.aborted) throw error;
        throw new DeliveryFailure('DESTINATION_UNREACHABLE', { detail: 'no answer in time' });
      });
    assert(verdicts.length === messages.length, 'there is one verdict for each message');
    return verdicts;
  }

  #message({ chain, pos }: DeadLetter, signal: AbortSignal): Promise<Message | undefined> {
    const { store, settings, cache } = this.#options;
    return readMessage({ chain, pos: BigInt(pos) }, { store, settings, cache, signal });
  }

  #note(error: unknown): void {
    const isOurs = error instanceof SandtrailError;
    this.#failure = isOurs ? `${error.code}: ${error.detail}` : 'INTERNAL';
    this.#options.onFailure(isOurs ? error.code : 'INTERNAL');
  }
}
