// Text from a file or standard input, bounded, with errors that name the file.
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SandtrailError } from '@sandtrail/schemas/errors';

interface Input {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly stdin: Readable;
}

/**
 * The bytes of a file or of standard input, as a stream.
 * @throws SandtrailError `INPUT_UNREADABLE`
 */
export function openInput({ file, stdin }: Input): Readable {
  if (file === '-') return stdin;
  try {
    if (!statSync(file).isDirectory()) return createReadStream(file);
  } catch (error) {
    throw new SandtrailError('INPUT_UNREADABLE', { detail: file, cause: error });
  }
  throw new SandtrailError('INPUT_UNREADABLE', { detail: `${file} is a directory` });
}

/**
 * All of a small text.
 * @throws SandtrailError `INPUT_UNREADABLE` when it cannot be read or is larger than `sizeBytesMax`
 */
export async function readText(input: Input & { readonly sizeBytesMax: number }): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of openInput(input)) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > input.sizeBytesMax) {
      throw new SandtrailError('INPUT_UNREADABLE', {
        detail: `${input.file} is larger than ${input.sizeBytesMax} bytes`,
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
