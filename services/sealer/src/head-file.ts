// Heads kept outside the data directory: the newest signed note of every chain, in one file.
import { readFile } from 'node:fs/promises';
import { writeDurableFile } from '@sandtrail/runtime/durable-file';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { HeadFile } from '@sandtrail/schemas/seal';

/** Readable by all: a verifier runs as anybody, and a note is no secret. */
const mode = 0o644;

/** Replaces the head file with these notes, whole or not at all. */
export async function writeHeadFile(path: string, notes: readonly string[]): Promise<void> {
  const heads: HeadFile = { v: 1, notes: [...notes] };
  await writeDurableFile({ path, text: `${JSON.stringify(heads, undefined, 2)}\n`, mode });
}

/**
 * Reads a head file.
 * @throws SandtrailError `INPUT_UNREADABLE` when it is not there or not a head file
 */
export async function readHeadFile(path: string): Promise<HeadFile> {
  try {
    return HeadFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new SandtrailError('INPUT_UNREADABLE', { detail: path, cause: error });
  }
}
