// Runs of one encoding's alphabet in a text, and a cheap glance at whether one decodes to text.

/** The encodings of bytes by an alphabet of 16, 32 or 64 characters. */
export type Alphabet = 'hex' | 'base32' | 'base64';

/** A run of characters of one alphabet. */
export interface Run {
  readonly codec: Alphabet;
  readonly start: number;
  readonly end: number;
}

interface Shape {
  readonly codec: Alphabet;
  /** Bits that one character holds, and characters after which the bytes' alignment repeats. */
  readonly bits: number;
  readonly group: number;
  readonly charsMin: number;
  /** The value of each ASCII character, −1 for those outside the alphabet. */
  readonly values: Int8Array;
}

const digits = '0123456789';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function valuesOf(...spellings: readonly string[]): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const letters of spellings) {
    for (let value = 0; value < letters.length; value += 1)
      values[letters.charCodeAt(value)] = value;
  }
  return values;
}

/** RFC 4648: base 16 in either case, base 32 in upper case, base 64 in either alphabet. */
export const shapes: Readonly<Record<Alphabet, Shape>> = {
  hex: {
    codec: 'hex',
    bits: 4,
    group: 2,
    charsMin: 20,
    values: valuesOf(`${digits}abcdef`, `${digits}ABCDEF`),
  },
  base32: {
    codec: 'base32',
    bits: 5,
    group: 8,
    charsMin: 24,
    values: valuesOf(`${upper}234567`),
  },
  base64: {
    codec: 'base64',
    bits: 6,
    group: 4,
    charsMin: 16,
    values: valuesOf(
      `${upper}${upper.toLowerCase()}${digits}+/`,
      `${upper}${upper.toLowerCase()}${digits}-_`,
    ),
  },
};

const order = [shapes.hex, shapes.base32, shapes.base64];
const membership = Uint8Array.from({ length: 128 }, (_, code) =>
  order.reduce((bits, shape, place) => bits | ((shape.values[code] ?? -1) < 0 ? 0 : 1 << place), 0),
);

/** The runs that are long enough to hold a secret; one stretch may be a run of several alphabets. */
export function findRuns(text: string): readonly Run[] {
  const found: Run[] = [];
  const starts = [0, 0, 0];
  let before = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : 128;
    const here = code < 128 ? (membership[code] ?? 0) : 0;
    if (here === before) continue;
    for (let place = 0; place < 3; place += 1) {
      const bit = 1 << place;
      if ((here & bit) === (before & bit)) continue;
      const shape = order[place];
      const start = starts[place] ?? 0;
      if ((here & bit) !== 0) starts[place] = at;
      else if (shape !== undefined && at - start >= shape.charsMin)
        found.push({ codec: shape.codec, start, end: at });
    }
    before = here;
  }
  return found;
}

const glanceBytes = 8;

/** True when the bytes from `from` on begin like text, UTF-16 text or gzip: random ones fail at once. */
export function looksDecodable(shape: Shape, text: string, from: number): boolean {
  let value = 0;
  let bits = 0;
  let first = 0;
  let isWide = false;
  for (let at = from, count = 0; count < glanceBytes && at < text.length; at += 1) {
    value = ((value << shape.bits) | (shape.values[text.charCodeAt(at)] ?? 0)) & 0xffff;
    bits += shape.bits;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (value >> bits) & 0xff;
    if (count === 0) first = byte;
    if (count === 1 && byte === 0) isWide = true;
    if (count === 1 && first === 0x1f && byte === 0x8b) return true;
    const wantsZero = isWide && count % 2 === 1;
    const isLikely = wantsZero ? byte === 0 : isTextByte(byte) || (count === 0 && byte === 0x1f);
    if (!isLikely) return false;
    count += 1;
  }
  return first !== 0x1f;
}

function isTextByte(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13;
}

/** Decodes the characters of one alphabet; those left over at the end are dropped. */
export function decodeBytes(codec: Alphabet, run: string): Buffer {
  if (codec !== 'base32') return Buffer.from(run, codec);
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (let at = 0; at < run.length; at += 1) {
    value = ((value << 5) | (shapes.base32.values[run.charCodeAt(at)] ?? 0)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
