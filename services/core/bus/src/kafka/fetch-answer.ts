// A broker's answer to a Fetch request (version 11), taken apart partition by partition.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type ReadBatches, readBatches } from './record-batch.ts';

/** What a broker answered about one partition. */
export interface Fetched extends ReadBatches {
  readonly topic: string;
  readonly partition: number;
  /** False: the log does not have the offset that was asked for. */
  readonly isThere: boolean;
  /** The offset that the next record will get, as far as readers may know. */
  readonly end: bigint;
}

/** The whole answer; kafkajs itself obeys the throttle time. */
export interface FetchAnswer {
  readonly clientSideThrottleTime: number;
  readonly fetched: readonly Fetched[];
}

const abortedBytes = 16;

/**
 * Takes the answer apart; `from` gives the offset that was asked for.
 * @throws SandtrailError `BUS_DAMAGED`, `BUS_ACCESS`, `BUS_UNAVAILABLE`
 */
export function readFetchAnswer(
  bytes: Buffer,
  from: (topic: string, partition: number) => bigint,
): FetchAnswer {
  const fetched: Fetched[] = [];
  const cursor = new Cursor(bytes);
  const clientSideThrottleTime = cursor.int32();
  isThereAfter(cursor.int16());
  cursor.skip(4);
  for (let topics = cursor.int32(); topics > 0; topics -= 1) {
    const topic = cursor.take(cursor.int16()).toString();
    for (let partitions = cursor.int32(); partitions > 0; partitions -= 1) {
      const partition = cursor.int32();
      const isThere = isThereAfter(cursor.int16());
      const end = cursor.int64();
      // The last stable offset, the first offset, aborted transactions and the nearest replica.
      cursor.skip(16);
      cursor.skip(Math.max(cursor.int32(), 0) * abortedBytes + 4);
      const set = cursor.take(Math.max(cursor.int32(), 0));
      fetched.push({ topic, partition, end, isThere, ...readBatches(set, from(topic, partition)) });
    }
  }
  return { clientSideThrottleTime, fetched };
}

// Kafka's error codes (kafka.apache.org, "Errors").
const offsetOutOfRange = 1;
const topicDenied = 29;

/** Whatever else it is (another broker leads now, a replica lags): a new connection finds out. */
function isThereAfter(code: number): boolean {
  if (code === 0) return true;
  if (code === offsetOutOfRange) return false;
  const detail = `the broker answers a fetch with Kafka’s code ${code}`;
  throw new SandtrailError(code === topicDenied ? 'BUS_ACCESS' : 'BUS_UNAVAILABLE', { detail });
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): number {
    const before = this.#at;
    this.#at += count;
    return before;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.skip(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.skip(8));
  }

  take(count: number): Buffer {
    const start = this.skip(count);
    return this.#bytes.subarray(start, this.#at);
  }
}
