// A target's handles, read from /proc at the moment a sandbox is registered.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Target } from './driver.ts';
import { pidNamespaceOf, readTask } from './task.ts';

/**
 * Completes a target with what identifies its first process beyond its number.
 * @throws SandtrailError `CONTAIN_UNKNOWN_SANDBOX` when that process is gone.
 */
export function readTarget(known: Omit<Target, 'initStartTicks' | 'pidNamespace'>): Target {
  const init = readTask(known.initPid);
  const pidNamespace = pidNamespaceOf(known.initPid);
  if (init === undefined || pidNamespace === undefined) {
    throw new SandtrailError('CONTAIN_UNKNOWN_SANDBOX', { detail: known.uid });
  }
  return { ...known, initStartTicks: init.startTicks, pidNamespace };
}
