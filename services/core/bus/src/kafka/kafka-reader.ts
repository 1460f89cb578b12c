// Reads the log from Kafka: any place from any offset, for as many readers as there are, in no group.
import { strict as assert } from 'node:assert';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { partitionCount } from '@sandtrail/schemas/topics';
import type Cluster from 'kafkajs/src/cluster/index.js';
import type { LogReader, LogRecord, Place, ReadOptions } from '../bus.ts';
import { placesOf } from '../places.ts';
import { ClusterConnection, leaderOf, topicName } from './cluster-connection.ts';
import { fetchRecords } from './fetch.ts';
import { FollowedPlace } from './followed-place.ts';
import { Follower } from './follower.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { Outage } from './outage.ts';

/** What a reader needs. */
export interface KafkaReaderOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  readonly counters: Counters;
}

/** A reader that connects when it is first asked. Its topics must be there: `openKafkaBus` made them. */
export class KafkaReader implements LogReader {
  readonly #settings: KafkaSettings;
  readonly #connection: ClusterConnection;
  readonly #places: ReadonlyMap<string, FollowedPlace>;
  readonly #outage: Outage;
  readonly #follower: Follower;
  readonly #closing = new AbortController();

  constructor({ settings, logger, counters }: KafkaReaderOptions) {
    this.#settings = settings;
    this.#connection = new ClusterConnection(settings, logger);
    this.#places = new Map(
      placesOf(partitionCount).map((place) => [this.#name(place), new FollowedPlace(place)]),
    );
    this.#outage = new Outage({ logger, counters });
    this.#follower = new Follower({
      connection: this.#connection,
      places: this.#places,
      outage: this.#outage,
      logger,
      bounds: ({ place }) => this.bounds(place),
      signal: this.#closing.signal,
    });
  }

  /** @throws SandtrailError `BUS_UNAVAILABLE`, `BUS_ACCESS`, `BUS_DAMAGED` */
  async read(place: Place, options: ReadOptions): Promise<readonly LogRecord[]> {
    const name = this.#name(place);
    const followed = this.#place(name);
    for (let { from } = options; ; ) {
      const served = followed.serve({ ...options, from });
      if (served !== undefined) return served;
      const [fetched] = await this.#fetch(name, from);
      assert(fetched !== undefined, 'a fetch answers for the partition that it asks for');
      if (fetched.isThere) {
        followed.reaches(fetched.end);
        if (fetched.next === from) return [];
        followed.take({ ...fetched, from });
        // A batch without records, such as a mark of somebody's transaction: on behind it.
        if (fetched.records.length === 0) from = fetched.next;
        continue;
      }
      const { first } = await this.bounds(place);
      if (from >= first) return [];
      from = first;
    }
  }

  async arrival(place: Place, offset: bigint, signal: AbortSignal): Promise<void> {
    const waiting = this.#place(this.#name(place)).wait(offset, [signal, this.#closing.signal]);
    this.#follower.start();
    await waiting;
  }

  /** @throws SandtrailError `BUS_UNAVAILABLE`, `BUS_ACCESS` */
  async bounds({ topic, partition }: Place): Promise<{ first: bigint; next: bigint }> {
    const name = topicName(this.#settings, topic);
    return await this.#ask(async (cluster) => {
      const ask = { topic: name, partitions: [{ partition }] };
      const [first, next] = await Promise.all(
        [true, false].map(async (fromBeginning) => {
          const [answer] = await cluster.fetchTopicsOffset([{ ...ask, fromBeginning }]);
          return BigInt(answer?.partitions[0]?.offset ?? -1);
        }),
      );
      if (first === undefined || next === undefined || first < 0n || next < 0n) {
        throw new SandtrailError('BUS_UNAVAILABLE', { detail: `${name}: no offsets` });
      }
      return { first, next };
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#follower.ended();
    await this.#connection.close();
  }

  #fetch(name: string, from: bigint) {
    const [topic = '', partition] = name.split('/');
    return this.#ask((cluster) =>
      fetchRecords({ cluster, node: leaderOf(cluster, name), waitMs: 0 }, [
        { topic, partition: Number(partition), from },
      ]),
    );
  }

  async #ask<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new SandtrailError('BUS_CLOSED', { detail: 'reading' });
    try {
      const answer = await this.#connection.use(work);
      this.#outage.answered();
      return answer;
    } catch (error) {
      this.#outage.failed(error);
      throw error;
    }
  }

  #name({ topic, partition }: Place): string {
    return `${topicName(this.#settings, topic)}/${partition}`;
  }

  #place(name: string): FollowedPlace {
    const place = this.#places.get(name);
    assert(place !== undefined, `the log has the place ${name}`);
    return place;
  }
}
