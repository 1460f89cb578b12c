// A packet of gVisor's remote sink: a header that may grow, a type, a count of what was dropped.

/** One packet (gvisor, pkg/sentry/seccheck/sinks/remote/wire). */
export interface Packet {
  readonly type: number;
  /** All that the sink has dropped so far, modulo 2^32. */
  readonly dropped: number;
  readonly payload: Buffer;
}

const headerSizeBytesMin = 8;

/** Reads a packet; `undefined` for bytes that are none. */
export function parsePacket(bytes: Buffer): Packet | undefined {
  if (bytes.length < headerSizeBytesMin) return undefined;
  const headerSizeBytes = bytes.readUInt16LE(0);
  if (headerSizeBytes < headerSizeBytesMin || headerSizeBytes > bytes.length) return undefined;
  return {
    type: bytes.readUInt16LE(2),
    dropped: bytes.readUInt32LE(4),
    payload: bytes.subarray(headerSizeBytes),
  };
}

/** How many were dropped between two packets; the count wraps. */
export function droppedBetween(before: number, after: number): number {
  return (after - before) >>> 0;
}

/** The handshake, both ways: a protobuf message `{ version = 1 }`. */
export const handshake: Buffer = Buffer.from([0x08, 0x01]);
