// Small JSON files that a user names: trust files, head files.
import type { Readable } from 'node:stream';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import { readText } from './input.ts';

const sizeBytesMax = 32 * 1024 * 1024;

interface JsonFile<T extends z.ZodType> {
  readonly file: string;
  readonly stdin: Readable;
  readonly schema: T;
}

/**
 * Reads and parses one.
 * @throws SandtrailError `INPUT_UNREADABLE`, naming the file and what does not fit
 */
export async function readJson<T extends z.ZodType>({ file, stdin, schema }: JsonFile<T>) {
  const text = await readText({ file, stdin, sizeBytesMax });
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new SandtrailError('INPUT_UNREADABLE', { detail: `${file}: ${why}`, cause: error });
  }
}
