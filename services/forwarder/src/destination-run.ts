// One destination at work: its two lanes, each with an output, a cursor and dead letters of its own.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Topic } from '@sandtrail/schemas/topics';
import type { StoreReader } from '@sandtrail/store/store';
import { type Counts, Cursor } from './cursor.ts';
import { DeadLetters } from './dead-letters.ts';
import { Lane, type LaneStatus } from './lane.ts';
import type { MessageCache } from './message-cache.ts';
import type { Output, OutputParts } from './output.ts';
import { type Destination, openLaneOutputs, openOutput } from './outputs.ts';
import { testMessage } from './test-message.ts';
import type { Tide } from './tide.ts';

/** What is urgent has a lane to itself: a kill never waits behind the firehose. */
const laneTopics = {
  urgent: ['findings', 'containment'],
  bulk: ['events', 'control'],
} as const satisfies Readonly<Record<string, readonly Topic[]>>;

/** What a destination needs. */
export interface DestinationOptions extends OutputParts {
  readonly name: string;
  readonly settings: Destination;
  /** The destination's own folder, for cursors and dead letters. */
  readonly dir: string;
  readonly store: Pick<StoreReader, 'rowBatches'>;
  readonly tide: Tide;
  readonly cache: MessageCache;
  readonly onCounted: (counts: Counts) => void;
  readonly onFailure: (code: string) => void;
}

/** How a destination stands. */
export interface DestinationStatus {
  readonly name: string;
  readonly type: string;
  readonly lanes: Readonly<Partial<Record<keyof typeof laneTopics, LaneStatus>>>;
  /** Why it does not run at all. */
  readonly failure?: string | undefined;
}

const reopenMs = 10_000;

/** A destination; whatever happens to it happens to no other. */
export class DestinationRun {
  readonly #options: DestinationOptions;
  #lanes: Readonly<Partial<Record<keyof typeof laneTopics, Lane>>> = {};
  #failure: string | undefined;

  constructor(options: DestinationOptions) {
    this.#options = options;
  }

  /** Runs both lanes until `signal` aborts; what cannot be opened is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#runOnce(signal).catch((error: unknown) => {
        if (signal.aborted) return;
        this.#failure = error instanceof SandtrailError ? error.message : String(error);
        this.#options.onFailure(error instanceof SandtrailError ? error.code : 'INTERNAL');
      });
      await pause(reopenMs, signal);
    }
  }

  status(): DestinationStatus {
    const { name, settings } = this.#options;
    const { urgent, bulk } = this.#lanes;
    return {
      name,
      type: settings.type,
      lanes: {
        ...(urgent === undefined ? {} : { urgent: urgent.status() }),
        ...(bulk === undefined ? {} : { bulk: bulk.status() }),
      },
      failure: this.#failure,
    };
  }

  /** Sends the dead letters of both lanes again; throws what `Output.deliver` throws. */
  async replay(signal: AbortSignal) {
    const outputs = openLaneOutputs(this.#options.settings, this.#options);
    const total = { delivered: 0, left: 0 };
    try {
      for (const lane of Object.values(this.#lanes)) {
        const { delivered, left } = await lane.replay(outputs.urgent, signal);
        total.delivered += delivered;
        total.left += left;
      }
    } finally {
      await Promise.all([outputs.urgent.close(), outputs.bulk.close()]);
    }
    return total;
  }

  /** Sends one harmless event past all queues; throws what `Output.deliver` throws. */
  async test(signal: AbortSignal) {
    const { settings } = this.#options;
    const output = openOutput(settings, this.#options);
    const within = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
    try {
      const [verdict] = await output.deliver([testMessage(this.#options)], within);
      return { verdict: typeof verdict === 'object' ? verdict.rejected : (verdict ?? 'again') };
    } finally {
      await output.close();
    }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    const { dir, settings } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const outputs = openLaneOutputs(settings, this.#options);
    const failing = new AbortController();
    const within = AbortSignal.any([signal, failing.signal]);
    try {
      const urgent = await this.#openLane('urgent', outputs.urgent);
      const bulk = await this.#openLane('bulk', outputs.bulk);
      this.#lanes = { urgent, bulk };
      this.#failure = undefined;
      const runs = [urgent.run(within), bulk.run(within)];
      await Promise.all(runs).catch(async (error: unknown) => {
        failing.abort();
        await Promise.allSettled(runs);
        throw error;
      });
    } finally {
      await Promise.all([outputs.urgent.close(), outputs.bulk.close()]);
    }
  }

  async #openLane(name: keyof typeof laneTopics, output: Output): Promise<Lane> {
    const { dir, settings, tide } = this.#options;
    const start = async () => (settings.from === 'now' ? await tideEnds(tide) : new Map());
    const cursor = await Cursor.open(path.join(dir, `${name}.cursor.json`), start);
    const dead = await DeadLetters.open({
      path: path.join(dir, `${name}.dead.ndjson`),
      max: settings.deadMax,
      isPast: ({ chain, pos }) => BigInt(pos) < cursor.next(chain),
    });
    // After a crash in mid-replay a letter is gone that still counts as dead: it was delivered.
    const replayed = cursor.counts.dead - dead.all().length;
    if (replayed !== 0) {
      const counted = { received: 0, sent: replayed, filtered: 0, dead: -replayed };
      await cursor.advance(new Map(), counted);
    }
    return new Lane({ ...this.#options, topics: laneTopics[name], output, cursor, dead });
  }
}

async function tideEnds(tide: Tide) {
  await tide.refresh();
  return tide.ends();
}
