// What a log's directory says of itself: format, name and partitions, fixed when it is made.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Topic } from '@sandtrail/schemas/topics';
import * as z from 'zod';

const formatVersion = 1;

const LogIdentity = z.strictObject({
  version: z.int(),
  log: z.string().min(1).max(64),
  partitions: z.record(Topic, z.int().min(1).max(1024)),
});
export type LogIdentity = z.infer<typeof LogIdentity>;

const identityPath = (dir: string) => join(dir, 'log.json');

/**
 * Reads the identity; undefined when the directory holds no log yet.
 * @throws SandtrailError `DATA_DIR_DAMAGED`, `DATA_DIR_VERSION`
 */
export function readLogIdentity(dir: string): LogIdentity | undefined {
  const path = identityPath(dir);
  try {
    const identity = LogIdentity.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (identity.version === formatVersion) return identity;
    throw new SandtrailError('DATA_DIR_VERSION', { detail: `${path}: ${identity.version}` });
  } catch (error) {
    if (error instanceof SandtrailError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: path, cause: error });
  }
}

/** Writes the identity, whole or not at all: from here on a missing place is damage. */
export function writeLogIdentity(dir: string, identity: Omit<LogIdentity, 'version'>) {
  const path = identityPath(dir);
  const draft = `${path}.creating`;
  const file = openSync(draft, 'w');
  try {
    writeSync(file, `${JSON.stringify({ version: formatVersion, ...identity })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
