// Small state files of the gateway: written whole or not at all, read with their schema.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type * as z from 'zod';

/**
 * Reads a JSON file; undefined when there is none.
 * @throws SandtrailError `DATA_DIR_DAMAGED` when it does not fit the schema
 */
export function readStateFile<S extends z.ZodType>(path: string, schema: S) {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: path, cause: error });
  }
}

/** Writes a JSON file, readable by its owner alone; durable when it returns. */
export function writeStateFile(path: string, value: unknown) {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(value)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
