// The frame: one log record = version, header, body, erasable, each with its length before it.

/** The parts of a frame, as bytes that nobody re-serialises. */
interface FrameParts {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly erasable: Uint8Array;
}

/** A frame that was read: the parts are views of its bytes. */
export interface Frame extends FrameParts {
  readonly header: Buffer;
  readonly body: Buffer;
  readonly erasable: Buffer;
}

const version = 1;
const lengthBytes = 4;
const overheadBytes = 1 + 3 * lengthBytes;

/** Lays out `u8 1 ‖ u32be n ‖ header ‖ u32be n ‖ body ‖ u32be n ‖ erasable`. */
export function encodeFrame(frame: FrameParts): Buffer {
  const { header, body, erasable } = frame;
  const bytes = Buffer.allocUnsafe(overheadBytes + header.length + body.length + erasable.length);
  bytes[0] = version;
  let at = 1;
  for (const part of [header, body, erasable]) {
    at = bytes.writeUInt32BE(part.length, at);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Reads a frame, or says in words why the bytes are not one. The parts are views, not copies. */
export function decodeFrame(bytes: Buffer): Frame | string {
  if (bytes.length < overheadBytes) return `a frame has at least ${overheadBytes} bytes`;
  if (bytes[0] !== version) return `frame version ${bytes[0]} is not ${version}`;
  const parts: Buffer[] = [];
  let at = 1;
  for (let part = 0; part < 3; part += 1) {
    if (at + lengthBytes > bytes.length) return `part ${part} has no length`;
    const end = at + lengthBytes + bytes.readUInt32BE(at);
    if (end > bytes.length) return `part ${part} ends at ${end}, the frame at ${bytes.length}`;
    parts.push(bytes.subarray(at + lengthBytes, end));
    at = end;
  }
  if (at !== bytes.length) return `${bytes.length - at} bytes follow the frame`;
  const [header, body, erasable] = parts;
  if (header === undefined || body === undefined || erasable === undefined)
    return 'a part is missing';
  return { header, body, erasable };
}

/** The bytes that are hashed: header and body with their length prefixes, as they stand in the frame. */
export function sealedPart(bytes: Buffer): Buffer {
  const headerEnd = 1 + lengthBytes + bytes.readUInt32BE(1);
  const bodyEnd = headerEnd + lengthBytes + bytes.readUInt32BE(headerEnd);
  return bytes.subarray(1, bodyEnd);
}
