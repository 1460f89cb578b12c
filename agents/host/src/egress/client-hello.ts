// A bounded reader of TLS ClientHello: which server name it asks for, before anything is forwarded.

/** What the first bytes of a tunnel are. RFC 8446 §4.1.2, RFC 6066 §3. */
export type Hello =
  | { readonly state: 'incomplete' }
  | { readonly state: 'not_tls' }
  | { readonly state: 'too_large' }
  | {
      readonly state: 'complete';
      /** Lower-case, as asked for; absent when the hello names no server. */
      readonly serverName: string | undefined;
      /** Encrypted Client Hello or one of its drafts: the real name is hidden. */
      readonly encrypted: boolean;
    };

/** Most bytes that a hello may take, without record headers. */
export const helloSizeBytesMax = 65_536;

const recordHandshake = 22;
const recordHeaderBytes = 5;
const recordLengthMax = 16_384;
const messageClientHello = 1;
const messageHeaderBytes = 4;
const extensionServerName = 0;
// encrypted_client_hello, its drafts, and ESNI, its forerunner.
const extensionsEncrypted: readonly number[] = [0xfe0d, 0xff02, 0xff03, 0xff08, 0xffce];

const incomplete: Hello = { state: 'incomplete' };
const notTls: Hello = { state: 'not_tls' };
const tooLarge: Hello = { state: 'too_large' };

/**
 * Takes a tunnel's first bytes as they come, in time linear in their number whatever the split, and
 * says what they are as soon as that is certain; later bytes change nothing.
 */
export class ClientHelloReader {
  #header = Buffer.alloc(0);
  #recordLeftBytes = 0;
  #message = Buffer.alloc(2048);
  #sizeBytes = 0;
  #verdict: Hello = incomplete;

  push(bytes: Buffer): Hello {
    let rest = bytes;
    while (this.#verdict === incomplete && rest.length > 0) {
      rest = this.#recordLeftBytes === 0 ? this.#readHeader(rest) : this.#readRecord(rest);
    }
    return this.#verdict;
  }

  #readHeader(bytes: Buffer): Buffer {
    const wanted = recordHeaderBytes - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, wanted)]);
    const [type, major = 3] = this.#header;
    if (type !== recordHandshake || major !== 3) this.#verdict = notTls;
    else if (this.#header.length === recordHeaderBytes) {
      this.#recordLeftBytes = this.#header.readUInt16BE(3);
      this.#header = Buffer.alloc(0);
      const fits = this.#recordLeftBytes > 0 && this.#recordLeftBytes <= recordLengthMax;
      if (!fits) this.#verdict = notTls;
    }
    return bytes.subarray(wanted);
  }

  #readRecord(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#recordLeftBytes);
    this.#recordLeftBytes -= part.length;
    this.#append(part);
    this.#judge();
    return bytes.subarray(part.length);
  }

  #append(part: Buffer): void {
    const room = Math.min(part.length, helloSizeBytesMax - this.#sizeBytes);
    if (this.#sizeBytes + room > this.#message.length) {
      const size = Math.min(helloSizeBytesMax, (this.#sizeBytes + room) * 2);
      this.#message = Buffer.concat([this.#message.subarray(0, this.#sizeBytes)], size);
    }
    part.copy(this.#message, this.#sizeBytes, 0, room);
    this.#sizeBytes += room;
  }

  #judge(): void {
    if (this.#message[0] !== messageClientHello) this.#verdict = notTls;
    else if (this.#sizeBytes >= messageHeaderBytes) {
      const end = messageHeaderBytes + this.#message.readUIntBE(1, 3);
      if (end > helloSizeBytesMax) this.#verdict = tooLarge;
      else if (this.#sizeBytes >= end)
        this.#verdict = readExtensions(this.#message.subarray(messageHeaderBytes, end));
    }
  }
}

/** A cursor that yields undefined past the end instead of throwing. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A block with its length before it in `prefixBytes` bytes. */
  block(prefixBytes: 1 | 2): Buffer | undefined {
    const length = this.take(prefixBytes)?.readUIntBE(0, prefixBytes);
    return length === undefined ? undefined : this.take(length);
  }
}

function readExtensions(hello: Buffer): Hello {
  const cursor = new Cursor(hello);
  const versionAndRandom = cursor.take(34);
  const beforeExtensions = [versionAndRandom, cursor.block(1), cursor.block(2), cursor.block(1)];
  if (beforeExtensions.includes(undefined)) return notTls;
  if (cursor.done) return { state: 'complete', serverName: undefined, encrypted: false };
  const block = cursor.block(2);
  return block === undefined || !cursor.done ? notTls : judgeExtensions(new Cursor(block));
}

function judgeExtensions(extensions: Cursor): Hello {
  const seen = new Set<number>();
  let serverName: string | undefined;
  while (!extensions.done) {
    const type = extensions.take(2)?.readUInt16BE(0);
    const content = extensions.block(2);
    // A type given twice is refused: two readers could pick different ones.
    if (type === undefined || content === undefined || seen.has(type)) return notTls;
    seen.add(type);
    if (type !== extensionServerName) continue;
    serverName = readServerName(content);
    if (serverName === undefined) return notTls;
  }
  const encrypted = extensionsEncrypted.some((type) => seen.has(type));
  return { state: 'complete', serverName, encrypted };
}

/** Exactly one entry of type host_name; anything else is not what a client sends. */
function readServerName(content: Buffer): string | undefined {
  const list = new Cursor(content);
  const entries = list.block(2);
  if (entries === undefined || !list.done) return undefined;
  const cursor = new Cursor(entries);
  const type = cursor.take(1)?.[0];
  const name = cursor.block(2);
  if (type !== 0 || name === undefined || name.length === 0 || !cursor.done) return undefined;
  return name.toString('latin1').toLowerCase();
}
