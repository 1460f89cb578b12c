// One idempotent producer: sends batches to partitions, and is given up for good when one send fails.
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import kafkajs, { type Producer } from 'kafkajs';
import { kafkaOptions } from './kafka-client.ts';
import { kafkaFailure } from './kafka-failure.ts';
import type { KafkaSettings } from './kafka-settings.ts';

const acksAll = -1;
const ackMsMax = 10_000;
/** Some two seconds where connections are refused; then the senders' spools take over. */
const retry = { initialRetryTime: 100, maxRetryTime: 800, retries: 4 };

/** A batch for one partition. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly Buffer[];
}

/**
 * A send that failed leaves its sequence number behind. kafkajs gives it to the next batch, and a
 * broker that had written the first one takes the second for a copy of it: acknowledged and gone.
 * So nothing is ever sent on a producer after a failure, and one partition has one send at a time.
 */
export class KafkaLane {
  readonly #settings: KafkaSettings;
  readonly #logger: Logger;
  #producer: Promise<Producer> | undefined;
  readonly #underWay = new Map<Promise<Producer>, number>();

  constructor(settings: KafkaSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /**
   * Sends; resolves with the offset of the first record when every copy that must have it has it.
   * @throws SandtrailError `BUS_UNAVAILABLE` (it may have been written), `BUS_OVERSIZE`, `BUS_ACCESS`
   */
  async send({ topic, partition, values }: Batch): Promise<bigint> {
    this.#producer ??= this.#connect();
    const mine = this.#producer;
    this.#underWay.set(mine, (this.#underWay.get(mine) ?? 0) + 1);
    try {
      const producer = await mine;
      const [answer] = await producer.send({
        topic,
        acks: acksAll,
        timeout: ackMsMax,
        compression: kafkajs.CompressionTypes.ZSTD,
        messages: values.map((value) => ({ partition, value })),
      });
      const first = BigInt(answer?.baseOffset ?? -1);
      if (answer?.errorCode === 0 && first >= 0n) return first;
      const detail = `${topic}: acknowledged without an offset`;
      throw new SandtrailError('BUS_UNAVAILABLE', { detail });
    } catch (error) {
      if (this.#producer === mine) this.#producer = undefined;
      throw kafkaFailure(error);
    } finally {
      this.#settle(mine);
    }
  }

  async close(): Promise<void> {
    const mine = this.#producer;
    this.#producer = undefined;
    if (mine !== undefined) await this.#disconnect(mine);
  }

  /** What was given up goes when the last send on it is over. */
  #settle(mine: Promise<Producer>): void {
    const left = (this.#underWay.get(mine) ?? 1) - 1;
    if (left > 0) {
      this.#underWay.set(mine, left);
      return;
    }
    this.#underWay.delete(mine);
    if (this.#producer !== mine) void this.#disconnect(mine);
  }

  async #connect(): Promise<Producer> {
    const kafka = new kafkajs.Kafka(kafkaOptions(this.#settings, this.#logger));
    const producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      metadataMaxAge: 30_000,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry,
    });
    await producer.connect();
    return producer;
  }

  async #disconnect(producer: Promise<Producer>): Promise<void> {
    try {
      await (await producer).disconnect();
    } catch (error) {
      this.#logger.debug('a producer that was given up', { error: String(error) });
    }
  }
}
