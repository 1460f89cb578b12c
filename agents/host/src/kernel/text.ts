// Bytes from the kernel as text of an event: what is not UTF-8 or was cut is said in `raw`.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { RawField } from '@sandtrail/schemas/body';

/** Bytes that a program handed to the kernel, and whether the sensor read only their beginning. */
export interface KernelText {
  readonly bytes: Buffer;
  readonly cut: boolean;
}

const base64SizeBytesMax = 6_144;
const rawFieldsMax = 32;

/** Collects the `raw` entries of one event while its texts are written. */
export class TextWriter {
  readonly #raw: RawField[] = [];

  /** The text for `field`, at most `sizeMax` long; the original stands in `raw` when it differs. */
  write(field: string, bytes: Buffer, sizeMax: number): string {
    const text = bytes.toString('utf8');
    if (text.length <= sizeMax && isUtf8(bytes)) return text;
    if (this.#raw.length < rawFieldsMax) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const short = bytes.length <= base64SizeBytesMax;
      const base64 = short ? { base64: bytes.toString('base64') } : {};
      this.#raw.push({ field, sizeBytes: bytes.length, sha256, ...base64 });
    }
    return text.slice(0, sizeMax).replace(/[\ud800-\udbff]$/, '');
  }

  /** The event's `raw` part, empty when every text stands unchanged. */
  raw(): { raw?: RawField[] } {
    return this.#raw.length === 0 ? {} : { raw: this.#raw };
  }
}
