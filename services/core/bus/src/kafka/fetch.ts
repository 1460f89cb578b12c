// Kafka's Fetch request (version 11) to one broker: which partitions, from which offsets, how long to wait.
import type Cluster from 'kafkajs/src/cluster/index.js';
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request.js';
import { type Fetched, readFetchAnswer } from './fetch-answer.ts';

/** One partition to read. */
export interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
}

/** To whom, and how patiently. */
interface FetchOptions {
  readonly cluster: Cluster;
  readonly node: number;
  /** 0 answers at once; else the broker waits so long for a first record. */
  readonly waitMs: number;
}

const partitionBytesMax = 2 * 1024 * 1024;
const answerBytesMax = 8 * 1024 * 1024;
/** A broker that is busy may answer late. */
const graceMs = 5000;
const readCommitted = 1;

/**
 * Fetches. At least the first batch of a partition comes whole, however large.
 * @throws what kafkajs throws, and as `readFetchAnswer`
 */
export async function fetchRecords(
  { cluster, node, waitMs }: FetchOptions,
  wanted: readonly Wanted[],
): Promise<readonly Fetched[]> {
  const broker = await cluster.findBroker({ nodeId: `${node}` });
  // A broker takes one request of a connection at a time: what waits has a connection of its own.
  const connection = await broker.connectionPool.getConnection(waitMs === 0 ? 0 : 1);
  const offsets = new Map(wanted.map((each) => [`${each.topic}/${each.partition}`, each.from]));
  const offsetOf = (topic: string, partition: number) => offsets.get(`${topic}/${partition}`) ?? 0n;
  const { fetched } = await connection.send({
    request: fetchRequest({
      replicaId: -1,
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: answerBytesMax,
      isolationLevel: readCommitted,
      topics: wanted.map(({ topic, partition, from }) => ({
        topic,
        partitions: [{ partition, fetchOffset: `${from}`, maxBytes: partitionBytesMax }],
      })),
    }),
    response: {
      decode: async (bytes) => readFetchAnswer(bytes, offsetOf),
      parse: async (answer) => answer,
    },
    requestTimeout: waitMs + graceMs,
  });
  return fetched;
}
