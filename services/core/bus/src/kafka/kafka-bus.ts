// The Kafka driver of the bus: appends through idempotent producers, reads by offset, rests on no group.
import { strict as assert } from 'node:assert';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { bodySizeBytesMax } from '@sandtrail/schemas/scalars';
import { partitionCount } from '@sandtrail/schemas/topics';
import kafkajs from 'kafkajs';
import { type AppendBounds, AppendQueue, type PendingAppend } from '../append-queue.ts';
import type { Bus, LogReader, LogRecord, Place, ReadOptions } from '../bus.ts';
import type { LogSource } from '../log-source.ts';
import { placeName, placesOf } from '../places.ts';
import { topicName } from './cluster-connection.ts';
import { kafkaOptions } from './kafka-client.ts';
import { kafkaFailure } from './kafka-failure.ts';
import { ensureGenesis } from './kafka-genesis.ts';
import { KafkaLane } from './kafka-lane.ts';
import { KafkaReader } from './kafka-reader.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { ensureTopics } from './kafka-topics.ts';
import { Outage } from './outage.ts';

/** What the driver needs. */
export interface KafkaBusOptions {
  readonly settings: KafkaSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly limits?: Partial<AppendBounds>;
  /** Called again and again while the log does not answer at the start. */
  readonly waiting?: (detail: string) => void;
  /** Gives up waiting for it. */
  readonly signal?: AbortSignal;
}

const appendBytesMax = 16 * 1024 * 1024;
const defaultLimits: AppendBounds = {
  valueSizeBytesMax: 3 * bodySizeBytesMax,
  pendingSizeBytesMax: 64 * 1024 * 1024,
  pendingAppendsMax: 16_384,
};
/** What one send gathers; an append that is larger goes alone. */
const sendBytesMax = 1024 * 1024;
const retryMs = 1000;
const never = new AbortController().signal;

/**
 * Opens the log: waits for the cluster, makes the topics or checks them, and their first records.
 * @throws SandtrailError `CONFIG_INVALID`, `BUS_ACCESS`, `BUS_UNFIT`, `BUS_FOREIGN`, `BUS_DAMAGED`,
 * and `BUS_UNAVAILABLE` once `signal` aborts
 */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { settings, logger, counters, clock, random, signal = never } = options;
  const { clusterId, isMaker } = await whenItAnswers(options, () => prepareTopics(options));
  const reader = new KafkaReader({ settings, logger, counters });
  const log = `${settings.prefix}@${clusterId}`;
  const bus = new KafkaBus(options, { reader, name: log });
  const append = (place: Place, values: readonly Buffer[]) => bus.append(place, values);
  const places = placesOf(partitionCount);
  const genesis = { reader, append, places, log, isMaker, clock, random, signal };
  try {
    await whenItAnswers(options, () => ensureGenesis(genesis));
    return bus;
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function prepareTopics({ settings, logger }: KafkaBusOptions) {
  const admin = new kafkajs.Kafka(kafkaOptions(settings, logger)).admin();
  try {
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    return { clusterId, isMaker: await ensureTopics(admin, settings) };
  } finally {
    await admin.disconnect();
  }
}

/** Tries until the log answers, and tells that it waits. */
async function whenItAnswers<T>(options: KafkaBusOptions, work: () => Promise<T>): Promise<T> {
  const { logger, counters, waiting, signal = never } = options;
  const outage = new Outage({ logger, counters });
  for (;;) {
    try {
      const done = await work();
      outage.answered();
      return done;
    } catch (error) {
      const failure = kafkaFailure(error);
      if (failure.code !== 'BUS_UNAVAILABLE' || signal.aborted) throw failure;
      outage.failed(failure);
      waiting?.(failure.detail);
      await pause(retryMs, signal);
    }
  }
}

class KafkaBus implements Bus {
  readonly name: string;
  readonly source: LogSource;
  readonly #reader: LogReader;
  readonly #settings: KafkaSettings;
  readonly #counters: Counters;
  readonly #outage: Outage;
  readonly #places = placesOf(partitionCount);
  readonly #queue: AppendQueue;
  /** One for each place: kafkajs lets one send of a producer go to a broker at a time. */
  readonly #lanes: readonly KafkaLane[];
  readonly #sending = new Map<number, Promise<void>>();
  #flush: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(
    { settings, counters, logger, limits }: KafkaBusOptions,
    { reader, name }: { readonly reader: LogReader; readonly name: string },
  ) {
    this.name = name;
    this.source = { type: 'kafka', settings };
    this.#reader = reader;
    this.#settings = settings;
    this.#counters = counters;
    this.#outage = new Outage({ logger, counters });
    this.#queue = new AppendQueue(this.#places.length, { ...defaultLimits, ...limits });
    this.#lanes = this.#places.map(() => new KafkaLane(settings, logger));
  }

  append(place: Place, values: readonly Buffer[]): Promise<bigint> {
    this.#counters.add('bus.received', values.length);
    const refusal = this.#isClosed
      ? new SandtrailError('BUS_CLOSED', { detail: placeName(place) })
      : (oversize(values) ?? this.#queue.refusalOf(values));
    if (refusal !== undefined) {
      this.#counters.add('bus.append_failed', values.length, refusal.code);
      return Promise.reject(refusal);
    }
    const slot = this.#places.findIndex((each) => placeName(each) === placeName(place));
    assert(slot >= 0, `the log has the place ${placeName(place)}`);
    const appended = this.#queue.push(slot, values);
    // One turn of the event loop gathers what its callers have.
    this.#flush ??= setImmediate(() => this.#sendAll());
    return appended;
  }

  read(place: Place, options: ReadOptions): Promise<readonly LogRecord[]> {
    return this.#reader.read(place, options);
  }

  arrival(place: Place, offset: bigint, signal: AbortSignal): Promise<void> {
    return this.#reader.arrival(place, offset, signal);
  }

  bounds(place: Place): Promise<{ readonly first: bigint; readonly next: bigint }> {
    return this.#reader.bounds(place);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#flush);
    this.#sendAll();
    await Promise.all(this.#sending.values());
    await Promise.all(this.#lanes.map((lane) => lane.close()));
    await this.#reader.close();
  }

  #sendAll(): void {
    this.#flush = undefined;
    this.#places.forEach((place, slot) => {
      if (this.#sending.has(slot)) return;
      const sending = this.#sendPlace(place, slot).finally(() => this.#sending.delete(slot));
      this.#sending.set(slot, sending);
    });
  }

  /** Sends what waits for a place, one batch after another: that is what keeps the order. */
  async #sendPlace(place: Place, slot: number): Promise<void> {
    for (;;) {
      const appends = this.#queue.take(slot, sendBytesMax);
      if (appends.length === 0) return;
      await this.#send(place, slot, appends);
    }
  }

  async #send(place: Place, slot: number, appends: readonly PendingAppend[]): Promise<void> {
    const { topic, partition } = place;
    const lane = this.#lanes[slot];
    assert(lane !== undefined, `the log has ${slot + 1} places`);
    const values = appends.flatMap((append) => append.values);
    try {
      const name = topicName(this.#settings, topic);
      let offset = values.length === 0 ? 0n : await lane.send({ topic: name, partition, values });
      this.#outage.answered();
      this.#counters.add('bus.appended', values.length);
      this.#counters.add('bus.commits');
      for (const append of appends) {
        append.resolve(offset);
        offset += BigInt(append.values.length);
      }
    } catch (error) {
      const failure = kafkaFailure(error);
      this.#outage.failed(failure);
      this.#counters.add('bus.append_failed', values.length, failure.code);
      for (const append of appends) append.reject(failure);
    }
  }
}

/** One append is one batch of Kafka's, written whole or not at all: it must fit into one. */
function oversize(values: readonly Buffer[]): SandtrailError | undefined {
  const sizeBytes = values.reduce((sum, value) => sum + value.length, 0);
  if (sizeBytes <= appendBytesMax) return undefined;
  const detail = `${sizeBytes} bytes in one append, at most ${appendBytesMax}`;
  return new SandtrailError('BUS_OVERSIZE', { detail });
}
