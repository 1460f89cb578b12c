// NDJSON files: one OCSF event a line, rotated by size; on the disk before the cursor moves.
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod';
import { DeliveryFailure } from '../delivery-failure.ts';
import { AbsolutePath, sharedSettings } from '../destination-settings.ts';
import type { Message, Output } from '../output.ts';

/** A file, and how many older ones stay beside it as `PATH.1`, `PATH.2` … */
export const FileDestination = z.strictObject({
  type: z.literal('file'),
  path: AbsolutePath,
  fileBytesMax: z.int().min(65_536).default(268_435_456),
  filesMax: z.int().min(1).max(1000).default(16),
  ...sharedSettings,
});
export type FileDestination = z.infer<typeof FileDestination>;

const mode = 0o640;
const newline = 10;
const lookBackBytes = 65_536;

/** Appends to the file; a line that a crash tore is cut off before, and comes again. */
export function openFileOutput(config: FileDestination): Output {
  let file: FileHandle | undefined;
  let sizeBytes = 0;
  const close = async () => {
    await file?.close();
    file = undefined;
  };
  const ready = async (neededBytes: number) => {
    if (file !== undefined && sizeBytes > 0 && sizeBytes + neededBytes > config.fileBytesMax) {
      await close();
      await rotate(config);
    }
    if (file !== undefined) return file;
    file = await open(config.path, 'a+', mode);
    sizeBytes = await withoutTornLine(file);
    return file;
  };
  return {
    async deliver(messages) {
      const bytes = Buffer.from(messages.map(({ text }) => `${text}\n`).join(''));
      try {
        const handle = await ready(bytes.length);
        await handle.appendFile(bytes);
        await handle.datasync();
        sizeBytes += bytes.length;
      } catch (error) {
        // What was written of it is cut off when the file is opened again.
        await close();
        throw new DeliveryFailure('DESTINATION_UNREACHABLE', {
          detail: codeOf(error),
          cause: error,
        });
      }
      return messages.map((_: Message) => 'delivered');
    },
    close,
  };
}

/** Cuts the file to its last whole line; returns its size. */
async function withoutTornLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  let end = size;
  while (end > 0) {
    const length = Math.min(end, lookBackBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, end - length);
    const at = buffer.lastIndexOf(newline);
    if (at >= 0) {
      end = end - length + at + 1;
      break;
    }
    end -= length;
  }
  if (end < size) await file.truncate(end);
  return end;
}

async function rotate({ path, filesMax }: FileDestination): Promise<void> {
  const name = (index: number) => (index === 0 ? path : `${path}.${index}`);
  await rm(name(filesMax), { force: true });
  for (let index = filesMax - 1; index >= 0; index -= 1) {
    if (await exists(name(index))) await rename(name(index), name(index + 1));
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'the file failed';
}
