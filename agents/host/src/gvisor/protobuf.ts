// The protocol buffers wire format, as far as gVisor's trace points use it; input is hostile.

/** A message: each field's values in order. Numbers are unsigned 64-bit, all else is bytes. */
export type Message = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

const fieldsMax = 4_096;
const fieldNumberMax = 536_870_911;

/** Reads a message (protobuf.dev, "Encoding"); `undefined` for bytes that are none. */
export function readMessage(bytes: Buffer): Message | undefined {
  const message = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  for (let count = 0; at < bytes.length; count += 1) {
    const tag = readVarint(bytes, at);
    if (tag === undefined || count >= fieldsMax) return undefined;
    const field = Number(tag.value >> 3n);
    const value = readValue(bytes, { at: tag.end, wireType: Number(tag.value & 7n) });
    if (value === undefined || field < 1 || field > fieldNumberMax) return undefined;
    at = value.end;
    const values = message.get(field);
    if (values === undefined) message.set(field, [value.value]);
    else values.push(value.value);
  }
  return message;
}

interface Read<T> {
  readonly value: T;
  readonly end: number;
}

function readValue(
  bytes: Buffer,
  { at, wireType }: { readonly at: number; readonly wireType: number },
): Read<bigint | Buffer> | undefined {
  switch (wireType) {
    case 0:
      return readVarint(bytes, at);
    case 1:
      return cut(bytes, at, 8);
    case 2: {
      const length = readVarint(bytes, at);
      if (length === undefined || length.value > BigInt(bytes.length)) return undefined;
      return cut(bytes, length.end, Number(length.value));
    }
    case 5:
      return cut(bytes, at, 4);
    default:
      // Groups are of an older dialect.
      return undefined;
  }
}

function cut(bytes: Buffer, at: number, size: number): Read<Buffer> | undefined {
  const end = at + size;
  return end > bytes.length ? undefined : { value: bytes.subarray(at, end), end };
}

/** At most ten bytes, of which 64 bits count. */
function readVarint(bytes: Buffer, from: number): Read<bigint> | undefined {
  let value = 0n;
  for (let at = 0; at < 10; at += 1) {
    const byte = bytes[from + at];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(at * 7);
    if ((byte & 0x80) === 0) return { value: BigInt.asUintN(64, value), end: from + at + 1 };
  }
  return undefined;
}

/** A number of a message as signed 64 bits; 0 when it is absent, as protobuf has it. */
export function numberOf(message: Message | undefined, field: number): bigint {
  const value = message?.get(field)?.at(-1);
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : 0n;
}

/** Bytes of a message; empty when they are absent. */
export function bytesOf(message: Message | undefined, field: number): Buffer {
  const value = message?.get(field)?.at(-1);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** A repeated field of bytes. */
export function listOf(message: Message | undefined, field: number): readonly Buffer[] {
  return (message?.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
}
