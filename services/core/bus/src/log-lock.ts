// The lock of a log's directory: one writer, and none left behind when that one is killed.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { diskFailure, isBusy } from './disk-failure.ts';

/**
 * Takes the lock; the returned function releases it. It is SQLite's own lock on an empty file (fcntl
 * locks that the kernel drops with the process), so that there is no stale lock file to judge.
 * @throws SandtrailError `DATA_DIR_IN_USE`
 */
export function lockLog(dir: string): () => void {
  const path = join(dir, 'lock.sqlite');
  const file = new DatabaseSync(path);
  try {
    file.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;');
  } catch (error) {
    file.close();
    if (isBusy(error)) throw new SandtrailError('DATA_DIR_IN_USE', { detail: dir, cause: error });
    throw diskFailure(error, path);
  }
  return () => file.close();
}
