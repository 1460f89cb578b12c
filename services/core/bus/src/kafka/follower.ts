// Follows places at their ends: one waiting fetch at each broker, for all places that it leads.
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import type Cluster from 'kafkajs/src/cluster/index.js';
import { type ClusterConnection, leaderOf } from './cluster-connection.ts';
import { fetchRecords, type Wanted } from './fetch.ts';
import type { FollowedPlace } from './followed-place.ts';
import type { Outage } from './outage.ts';

interface FollowerOptions {
  readonly connection: ClusterConnection;
  /** By the name of the topic and the partition: `sandtrail.events/0`. */
  readonly places: ReadonlyMap<string, FollowedPlace>;
  readonly outage: Outage;
  readonly logger: Logger;
  /** Where the place begins and ends now. */
  readonly bounds: (place: FollowedPlace) => Promise<{ first: bigint; next: bigint }>;
  readonly signal: AbortSignal;
}

/** How long a broker keeps a fetch that has nothing; a place that is new to it waits as long. */
const waitMs = 250;
/** Readers have enough at hand: how soon to look again. */
const idleMs = 20;
const retryMsMin = 50;
const retryMsMax = 1000;

/** Runs one loop for each broker that leads a followed place. */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #loops = new Map<number, Promise<void>>();
  #starting: Promise<void> | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Sees to it that every followed place has a loop; to be called when one is new. */
  start(): void {
    if (this.#options.signal.aborted) return;
    this.#starting ??= this.#startLoops().finally(() => {
      this.#starting = undefined;
    });
  }

  /** Resolves when nothing runs any more, after the signal. */
  async ended(): Promise<void> {
    await this.#starting;
    await Promise.all(this.#loops.values());
  }

  async #startLoops(): Promise<void> {
    const { connection, outage, signal } = this.#options;
    for (let retryMs = retryMsMin; !signal.aborted; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        await connection.use(async (cluster) => {
          for (const [name, place] of this.#options.places) {
            if (place.wanted !== undefined) this.#keepLoop(leaderOf(cluster, name));
          }
        });
        return;
      } catch (error) {
        outage.failed(error);
        await pause(retryMs, signal);
      }
    }
  }

  #keepLoop(node: number): void {
    if (this.#loops.has(node)) return;
    const loop = this.#follow(node).finally(() => {
      this.#loops.delete(node);
      this.start();
    });
    this.#loops.set(node, loop);
  }

  /** Ends when a fetch fails: then the leaders are looked up again. */
  async #follow(node: number): Promise<void> {
    const { connection, outage, logger, signal } = this.#options;
    try {
      while (!signal.aborted) {
        await connection.use((cluster) => this.#fetch(cluster, node));
        outage.answered();
      }
    } catch (error) {
      outage.failed(error);
      logger.debug('a fetch failed', { node, error: String(error) });
      await pause(retryMsMin, signal);
    }
  }

  async #fetch(cluster: Cluster, node: number): Promise<void> {
    const { places, signal } = this.#options;
    const wanted: Wanted[] = [];
    for (const [name, { wanted: from }] of places) {
      if (from === undefined || leaderOf(cluster, name) !== node) continue;
      const [topic = '', partition] = name.split('/');
      wanted.push({ topic, partition: Number(partition), from });
    }
    if (wanted.length === 0) return pause(idleMs, signal);
    for (const each of await fetchRecords({ cluster, node, waitMs }, wanted)) {
      const name = `${each.topic}/${each.partition}`;
      const place = places.get(name);
      const from = wanted.find(({ topic, partition }) => name === `${topic}/${partition}`)?.from;
      if (place === undefined || from === undefined) continue;
      if (!each.isThere) await this.#moveTo(place, from);
      else {
        if (place.wanted === from) place.follow({ ...each, from });
        place.reaches(each.end);
      }
    }
    return undefined;
  }

  /** Retention took the offset away: on from the first that is kept. Or it is not given yet. */
  async #moveTo(place: FollowedPlace, from: bigint): Promise<void> {
    const { first, next } = await this.#options.bounds(place);
    place.moveTo(from < first ? first : next);
    place.reaches(next);
  }
}
