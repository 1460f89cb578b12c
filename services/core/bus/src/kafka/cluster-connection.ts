// One connection to the cluster for reading: made when needed, thrown away whole when anything fails.
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Topic } from '@sandtrail/schemas/topics';
import kafkajs from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import { kafkaOptions } from './kafka-client.ts';
import { kafkaFailure } from './kafka-failure.ts';
import type { KafkaSettings } from './kafka-settings.ts';

/** The name of a topic in the cluster. */
export function topicName({ prefix }: Pick<KafkaSettings, 'prefix'>, topic: Topic): string {
  return `${prefix}.${topic}`;
}

const metadataMaxAgeMs = 30_000;
const readCommitted = 1;

/**
 * kafkajs reads by consumer group only, and after a rebalance its handler may go on with partitions
 * that it lost (kafkajs #1046). Here nobody is a member of anything: the reader says partition and
 * offset, so this goes beneath the public face. kafkajs' own ways to mend a broken connection are
 * many and tangled, hence a new one each time.
 */
export class ClusterConnection {
  readonly #settings: KafkaSettings;
  readonly #logger: Logger;
  #cluster: Promise<Cluster> | undefined;

  constructor(settings: KafkaSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /**
   * Runs `work` on a connected cluster that knows the log's topics.
   * @throws SandtrailError `BUS_UNAVAILABLE`, `BUS_ACCESS`, `BUS_DAMAGED`, `CONFIG_INVALID`
   */
  async use<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
    this.#cluster ??= this.#connect();
    const mine = this.#cluster;
    try {
      const cluster = await mine;
      await cluster.refreshMetadataIfNecessary();
      return await work(cluster);
    } catch (error) {
      if (this.#cluster === mine) this.#cluster = undefined;
      this.#discard(mine);
      throw kafkaFailure(error);
    }
  }

  async close(): Promise<void> {
    const cluster = await this.#cluster?.catch(() => 'it never connected');
    this.#cluster = undefined;
    if (cluster instanceof Cluster) await cluster.disconnect();
  }

  async #connect(): Promise<Cluster> {
    const options = kafkaOptions(this.#settings, this.#logger);
    const cluster = new Cluster({
      ...options,
      logger: new kafkajs.Kafka(options).logger(),
      metadataMaxAge: metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      isolationLevel: readCommitted,
      retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 1 },
    });
    await cluster.connect();
    await cluster.addMultipleTargetTopics(
      Topic.options.map((topic) => topicName(this.#settings, topic)),
    );
    return cluster;
  }

  #discard(cluster: Promise<Cluster>): void {
    cluster
      .then((each) => each.disconnect())
      .catch((error: unknown) => this.#logger.debug('a broken connection', { error: `${error}` }));
  }
}

/**
 * The broker that leads the partition of a name such as `sandtrail.events/0`.
 * @throws SandtrailError `BUS_UNAVAILABLE` when none does at the moment
 */
export function leaderOf(cluster: Cluster, name: string): number {
  const [topic = '', partition] = name.split('/');
  const known = cluster
    .findTopicPartitionMetadata(topic)
    .find(({ partitionId }) => partitionId === Number(partition));
  if (known !== undefined && known.leader >= 0) return known.leader;
  throw new SandtrailError('BUS_UNAVAILABLE', { detail: `${name} has no leader` });
}
