// The engine's events without a hole that is not told: reconnected, replayed, each once, in order.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import type { DockerEngine } from './engine.ts';
import { openDockerEngine } from './engine.ts';
import { type DockerEvent, parseDockerEvent } from './event.ts';

/** A stretch of time whose events the engine could not replay. */
export interface EventGap {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** Who hears of events; calls are cheap and never throw. */
export interface EventListener {
  event(event: DockerEvent): void;
  /** Connected, for the first time or again: what is running now may have changed unseen. */
  connected?(engine: DockerEngine): void;
  /** Events of that time may be lost. */
  lost?(gap: EventGap): void;
}

interface FeedOptions {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

const lineSizeBytesMax = 1_048_576;
const keysMax = 1_024;
const backoffFirstMs = 100;
const backoffMaxMs = 5_000;
/** An engine replays what it remembers (256 events) at once. */
const replayMs = 1_000;
const nsPerSecond = 1_000_000_000n;

/** Follows one engine for as long as `run` runs. */
export class EventFeed {
  readonly #options: FeedOptions;
  readonly #listeners: EventListener[] = [];
  /** Keys of the newest events: a replay repeats them. */
  readonly #seen = new Set<string>();
  #last: DockerEvent | undefined;
  #lostSinceNs: bigint | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  listen(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** Follows until `signal` aborts; an engine that is away is tried again for ever. */
  async run(signal: AbortSignal): Promise<void> {
    const { socketPath, counters, logger, clock } = this.#options;
    let waitMs = backoffFirstMs;
    this.#lostSinceNs = undefined;
    while (!signal.aborted) {
      try {
        const engine = await openDockerEngine({ socketPath });
        await this.#follow(engine, signal);
        waitMs = backoffFirstMs;
      } catch (error) {
        if (!signal.aborted) logger.warn('the engine’s events broke off', { error: String(error) });
      }
      this.#lostSinceNs ??= clock.nowNs();
      counters.add('docker.reconnects');
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * 2, backoffMaxMs);
    }
  }

  async #follow(engine: DockerEngine, signal: AbortSignal): Promise<void> {
    const fromNs = this.#last?.timeNs ?? this.#options.clock.nowNs();
    const since = `${fromNs / nsPerSecond}.${`${fromNs % nsPerSecond}`.padStart(9, '0')}`;
    const ended = new AbortController();
    const stream = await engine.events(since, AbortSignal.any([signal, ended.signal]));
    const marker = this.#last?.key;
    let isWhole = marker === undefined && this.#lostSinceNs === undefined;
    const tellGap = () => {
      if (!isWhole) this.#tellGap();
      isWhole = true;
    };
    const late = setTimeout(tellGap, replayMs);
    for (const listener of this.#listeners) listener.connected?.(engine);
    try {
      for await (const line of linesOf(stream)) {
        // The engine still knows the last event that was seen: it knows all that came after it.
        const event = parseDockerEvent(line);
        if (typeof event === 'object' && event.key === marker && !isWhole) {
          isWhole = true;
          this.#lostSinceNs = undefined;
        }
        if (typeof event !== 'object' || !this.#seen.has(event.key)) tellGap();
        this.#take(event);
      }
    } finally {
      clearTimeout(late);
      ended.abort();
    }
  }

  #take(event: DockerEvent | undefined | 'malformed'): void {
    const { counters } = this.#options;
    if (event === undefined) return;
    if (event === 'malformed') {
      counters.add('docker.lines_malformed');
      return;
    }
    if (this.#seen.has(event.key)) return;
    this.#seen.add(event.key);
    const [oldest] = this.#seen;
    if (this.#seen.size > keysMax && oldest !== undefined) this.#seen.delete(oldest);
    this.#last = event;
    counters.add('docker.events');
    for (const listener of this.#listeners) listener.event(event);
  }

  #tellGap(): void {
    const lastNs = this.#options.clock.nowNs();
    const firstNs = this.#last?.timeNs ?? this.#lostSinceNs ?? lastNs;
    this.#lostSinceNs = undefined;
    this.#options.counters.add('docker.gaps');
    for (const listener of this.#listeners) listener.lost?.({ firstNs, lastNs });
  }
}

/** @throws Error for a line beyond the bound: the connection ends, and the gap is told. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineSizeBytesMax) throw new Error('a line is too long');
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
