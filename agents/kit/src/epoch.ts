// A number for each start of a collector, never given twice, whatever kills the process.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';

/**
 * The next epoch of a collector, from 1. It is on disk, synchronised, before this returns; a crash
 * in between leaves a number unused, never one used twice.
 * @throws SandtrailError `DATA_DIR_DAMAGED` when the counter's file holds no number
 */
export function nextEpoch(dir: string, collector: string): number {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, `${collector}.epoch`);
  const epoch = readEpoch(file) + 1;
  const draft = `${file}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${epoch}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
  syncDirectory(dir);
  return epoch;
}

/** Makes a rename or a removal in a directory survive a power cut. */
export function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readEpoch(file: string): number {
  try {
    const text = readFileSync(file, 'utf8');
    if (!/^\d{1,10}\n$/.test(text)) throw new SandtrailError('DATA_DIR_DAMAGED', { detail: file });
    return Number(text);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
