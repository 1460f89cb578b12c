// The freezer of cgroup v1, which engines on hybrid machines use: a task that it holds cannot die.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../sandbox/system-error.ts';
import type { Target } from './driver.ts';
import { readTask } from './task.ts';

/** Thaws what the v1 freezer holds of a sandbox; nothing where there is no such freezer, or no hold. */
export function thawOldFreezer({ initPid, initStartTicks }: Target): void {
  const place = freezerOf(initPid);
  // Its first process is looked at last, so that the place is not another one's.
  if (place === undefined || readTask(initPid)?.startTicks !== initStartTicks) return;
  try {
    writeFileSync(join(place, 'freezer.state'), 'THAWED');
  } catch (error) {
    // ENOENT and ENODEV: it is gone meanwhile.
    if (!['ENOENT', 'ENODEV'].includes(systemErrorCode(error) ?? '')) throw error;
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
