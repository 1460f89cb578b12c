// The parts of kafkajs beneath its public face that the driver uses: reading without a consumer group.
// kafkajs is pinned to the exact version that these were written from (2.2.4).

declare module 'kafkajs/src/cluster/index.js' {
  import type { ConnectionOptions } from 'node:tls';
  import type { ISocketFactory, Logger, RetryOptions, SASLOptions } from 'kafkajs';

  interface ProtocolRequest<T> {
    readonly request: unknown;
    readonly response: {
      readonly decode: (bytes: Buffer) => Promise<T>;
      readonly parse: (decoded: T) => Promise<T>;
    };
    readonly requestTimeout: number;
  }
  interface Connection {
    send<T extends { readonly clientSideThrottleTime: number }>(
      request: ProtocolRequest<T>,
    ): Promise<T>;
  }
  interface Broker {
    /** Two connections: 0 for short requests, 1 for fetches that wait. */
    readonly connectionPool: { getConnection(index: 0 | 1): Promise<Connection> };
  }
  interface TopicPartitions {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number }[];
    readonly fromBeginning: boolean;
  }
  interface TopicOffsets {
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }
  interface ClusterOptions {
    readonly logger: Logger;
    readonly socketFactory: ISocketFactory;
    readonly brokers: readonly string[];
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly metadataMaxAge: number;
    readonly allowAutoTopicCreation: boolean;
    readonly isolationLevel: 0 | 1;
    readonly retry: RetryOptions;
    readonly ssl?: ConnectionOptions | boolean;
    readonly sasl?: SASLOptions;
  }
  class Cluster {
    constructor(options: ClusterOptions);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    findTopicPartitionMetadata(
      topic: string,
    ): readonly { readonly partitionId: number; readonly leader: number }[];
    findBroker(which: { readonly nodeId: string }): Promise<Broker>;
    fetchTopicsOffset(topics: readonly TopicPartitions[]): Promise<readonly TopicOffsets[]>;
  }
  export = Cluster;
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  interface FetchedPartition {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }
  function fetchRequest(options: {
    readonly replicaId: -1;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: 0 | 1;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly FetchedPartition[];
    }[];
  }): unknown;
  export = fetchRequest;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  /** CRC-32C (Castagnoli) of the bytes of an encoder. */
  function crc32C(bytes: Buffer): number;
  export = crc32C;
}
