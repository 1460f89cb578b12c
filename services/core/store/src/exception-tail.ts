// ClickHouse's way to say that a result broke off in the middle: an exception block at its very end.

/** The response header that announces the block's tag (ClickHouse 25.11 and later). */
export const exceptionTagHeader = 'x-clickhouse-exception-tag';

const marker = '__exception__';
/** ClickHouse bounds the message to 16 KiB; tag, marker and length stand around it. */
const tailSizeBytesMax = 16_384 + 256;
const messageCharsMax = 4096;

/** The block itself, as the last bytes of a body: marker, tag, message, its length, tag, marker. */
export function exceptionTail(tag: string, message: string): Buffer {
  const text = `${message.slice(0, messageCharsMax).trimEnd()}\n`;
  const length = Buffer.byteLength(text);
  return Buffer.from(`\r\n${marker}\r\n${tag}\r\n${text}${length} ${tag}\r\n${marker}\r\n`);
}

/**
 * Passes a body through and, when it ends with an exception block, throws an Error with the block's
 * message. The last 16 KiB are held back until more follows, so that no byte of a block is passed
 * on as if it were data.
 */
export async function* withoutExceptionTail(
  body: AsyncIterable<Buffer>,
  tag: string | undefined,
): AsyncGenerator<Buffer> {
  if (tag === undefined) {
    yield* body;
    return;
  }
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    if (held.length > 0 && chunk.length >= tailSizeBytesMax) yield held;
    const all = chunk.length >= tailSizeBytesMax ? chunk : Buffer.concat([held, chunk]);
    const passed = Math.max(0, all.length - tailSizeBytesMax);
    if (passed > 0) yield all.subarray(0, passed);
    held = all.subarray(passed);
  }
  const { rest, message } = splitTail(held, tag);
  if (rest.length > 0) yield rest;
  if (message !== undefined) throw new Error(message);
}

function splitTail(held: Buffer, tag: string) {
  const end = `${tag}\r\n${marker}\r\n`;
  const start = `\r\n${marker}\r\n${tag}\r\n`;
  if (!held.subarray(-end.length).equals(Buffer.from(end))) return { rest: held };
  const at = held.lastIndexOf(start);
  if (at < 0) return { rest: held };
  const text = held.subarray(at + start.length, held.length - end.length).toString();
  return { rest: held.subarray(0, at), message: text.replace(/\n\d+ $/, '') };
}
