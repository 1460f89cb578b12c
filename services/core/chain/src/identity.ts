// A chain's identity: which partition of which log it seals, made unique by the genesis record.
import { type Hash, sha256 } from './hash.ts';

/** The partition that a chain seals, by name. */
export interface LogPlace {
  readonly log: string;
  readonly topic: string;
  readonly partition: number;
}

const label = 'sandtrail-chain-v1';

/**
 * The chain's id: SHA-256 over
 * `u32be n ‖ "sandtrail-chain-v1" ‖ u32be n ‖ log ‖ u32be n ‖ topic ‖ u32be 4 ‖ u32be partition ‖
 * u32be 16 ‖ random`, where each `n` is the length in bytes of the UTF-8 text that follows. Every
 * field carries its length, so that no two places share an encoding. `random` is the genesis
 * record's, 32 hexadecimal digits.
 */
export function chainId(place: LogPlace, random: string): Hash {
  const partition = Buffer.alloc(4);
  partition.writeUInt32BE(place.partition);
  const fields = [
    Buffer.from(label),
    Buffer.from(place.log),
    Buffer.from(place.topic),
    partition,
    Buffer.from(random, 'hex'),
  ];
  return sha256(Buffer.concat(fields.flatMap((field) => [lengthOf(field), field])));
}

function lengthOf(field: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(field.length);
  return length;
}
