// The freezer of cgroup v1, which engines on hybrid machines use: a task that it holds cannot die.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../sandbox/system-error.ts';
import type { Target } from './driver.ts';
import { readTask } from './task.ts';

/**
 * Thaws what the v1 freezer holds of a sandbox; nothing where there is no such freezer, or no hold.
 * Returns what takes hold again: an engine that paused it expects to find it so.
 */
export function thawOldFreezer({ initPid, initStartTicks }: Target): () => void {
  const place = freezerOf(initPid);
  // Its first process is looked at last, so that the place is not another one's.
  const isIts = readTask(initPid)?.startTicks === initStartTicks;
  if (place === undefined || !isIts || inState(place, undefined) === 'THAWED')
    return () => undefined;
  inState(place, 'THAWED');
  return () => inState(place, 'FROZEN');
}

/** Writes the state, if one is given, and reads it; `THAWED` of a freezer that is gone. */
function inState(place: string, state: 'THAWED' | 'FROZEN' | undefined): string {
  const file = join(place, 'freezer.state');
  try {
    if (state !== undefined) writeFileSync(file, state);
    return readFileSync(file, 'latin1').trim();
  } catch (error) {
    if (!['ENOENT', 'ENODEV'].includes(systemErrorCode(error) ?? '')) throw error;
    return 'THAWED';
  }
}

/** Its directory in the freezer's tree; never the tree's root, which would be everybody. */
function freezerOf(pid: number): string | undefined {
  const path = fieldOf(`/proc/${pid}/cgroup`, (line) => {
    const [, controllers = '', ...rest] = line.split(':');
    return controllers.split(',').includes('freezer') ? rest.join(':') : undefined;
  });
  const mount = fieldOf('/proc/self/mountinfo', (line) => {
    const [place = '', type = ''] = line.split(' - ');
    const [fsType, , options = ''] = type.split(' ');
    return fsType === 'cgroup' && options.split(',').includes('freezer')
      ? place.split(' ')[4]
      : undefined;
  });
  if (path === undefined || path === '/' || mount === undefined) return undefined;
  return join(mount, path);
}

function fieldOf(file: string, find: (line: string) => string | undefined): string | undefined {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map(find)
      .find((found) => found !== undefined);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
