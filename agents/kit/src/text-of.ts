// Text from bytes: what is not UTF-8 keeps its bytes beside it, so that two names stay two events.
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { RawField } from '@sandtrail/schemas/body';

/** Most bytes that a `raw` entry carries; of longer ones it carries size and hash. */
export const rawSizeBytesMax = 6144;

/** A field's text, and its original where the text is not all of it. */
export interface FieldText {
  readonly text: string;
  readonly raw?: RawField;
}

/**
 * Reads bytes (a path, an argument) as UTF-8. Where they are not, the text has U+FFFD for what
 * cannot be read, and `raw` holds size, SHA-256 and, up to 6,144 bytes, the bytes. `field` is the
 * field's place in the observation, such as `path.raw` or `argv.2`.
 */
export function textOf(bytes: Uint8Array, field: string): FieldText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (isUtf8(buffer)) return { text };
  const raw = { field, sizeBytes: buffer.length, sha256: hash('sha256', buffer) };
  if (buffer.length > rawSizeBytesMax) return { text, raw };
  return { text, raw: { ...raw, base64: buffer.toString('base64') } };
}
