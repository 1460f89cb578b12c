// A number for each run of the gateway, so that its streams never go on under an old number.
import { join } from 'node:path';
import * as z from 'zod';
import { readStateFile, writeStateFile } from './durable-file.ts';

const EpochFile = z.strictObject({ epoch: z.int().min(0) });

/**
 * Raises the epoch kept in `stateDir` and returns it; durable before it is used.
 * @throws SandtrailError `DATA_DIR_DAMAGED`
 */
export function nextEpoch(stateDir: string): number {
  const path = join(stateDir, 'epoch.json');
  const epoch = (readStateFile(path, EpochFile)?.epoch ?? 0) + 1;
  writeStateFile(path, { epoch });
  return epoch;
}
