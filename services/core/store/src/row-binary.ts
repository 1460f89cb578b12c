// ClickHouse's RowBinary format: blocks are written in it, and sealed rows are read in it.
import type { SealedRow } from '@sandtrail/chain/row';
import type { BlockRow } from './store.ts';

const fixedBytes = 25;
const linkBytes = 32;
const expiredLink = Buffer.alloc(linkBytes);

/** Names and types of the columns that `encodeBlockRows` writes. */
export const blockStructure =
  "block UInt8, pos UInt64, offset UInt64, appendedAt DateTime64(3, 'UTC'), header String, body String, " +
  'link FixedString(32)';

/** The rows of blocks, laid out as `blockStructure` says; `block` is the index of a row's block. */
export function encodeBlockRows(blocks: readonly (readonly BlockRow[])[]): Buffer {
  let sizeBytes = 0;
  for (const rows of blocks) {
    for (const { header, body } of rows) {
      sizeBytes += fixedBytes + stringBytes(header) + stringBytes(body) + linkBytes;
    }
  }
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (const [block, rows] of blocks.entries()) {
    for (const row of rows) {
      at = bytes.writeUInt8(block, at);
      at = bytes.writeBigUInt64LE(row.pos, at);
      at = bytes.writeBigUInt64LE(row.offset, at);
      at = bytes.writeBigInt64LE(BigInt(row.appendedAtMs), at);
      at = writeString(bytes, row.header, at);
      at = writeString(bytes, row.body, at);
      bytes.set(row.link, at);
      at += linkBytes;
    }
  }
  return bytes;
}

/** A length and its bytes, for the few rows that are written one at a time. */
export function encodeString(value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(stringBytes(value));
  writeString(bytes, value, 0);
  return bytes;
}

/** The columns that `decodeSealedRows` reads, as the select list of a statement. */
export const sealedColumns = 'pos, offset, header, body, link';

/** Reads sealed rows as they arrive, in batches as large as the chunks; the rows are views of them. */
export async function* decodeSealedRows(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly SealedRow[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const rows: SealedRow[] = [];
    let at = 0;
    for (;;) {
      const row = readRow(bytes, at);
      if (row === undefined) break;
      rows.push(row.row);
      at = row.end;
    }
    rest = bytes.subarray(at);
    if (rows.length > 0) yield rows;
  }
  if (rest.length > 0) throw new Error(`${rest.length} bytes of a row without its end`);
}

/** One row from `at` on, or undefined where its end has not arrived yet. */
function readRow(bytes: Buffer, at: number) {
  const header = readString(bytes, at + 16);
  if (header === undefined) return undefined;
  const body = readString(bytes, header.end);
  if (body === undefined || body.end + linkBytes > bytes.length) return undefined;
  const end = body.end + linkBytes;
  const link = bytes.subarray(body.end, end);
  const row: SealedRow = {
    pos: bytes.readBigUInt64LE(at),
    offset: bytes.readBigUInt64LE(at + 8),
    header: header.value,
    body: body.value,
    link: link.equals(expiredLink) ? undefined : link,
  };
  return { row, end };
}

/** A length-prefixed value from `at` on, or undefined where its end has not arrived yet. */
export function readString(bytes: Buffer, at: number) {
  let length = 0;
  let factor = 1;
  for (let next = at; next < bytes.length; next += 1) {
    const byte = bytes[next] ?? 0;
    length += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte >= 0x80) continue;
    const start = next + 1;
    const end = start + length;
    return end > bytes.length ? undefined : { value: bytes.subarray(start, end), end };
  }
  return undefined;
}

function stringBytes({ length }: Uint8Array): number {
  let prefix = 1;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 128)) prefix += 1;
  return prefix + length;
}

/** LEB128 length, then the bytes. */
function writeString(bytes: Buffer, value: Uint8Array, at: number): number {
  let next = at;
  let rest = value.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128))
    next = bytes.writeUInt8((rest % 128) + 128, next);
  next = bytes.writeUInt8(rest, next);
  bytes.set(value, next);
  return next + value.length;
}
