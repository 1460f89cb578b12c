// The docker driver: containers of an engine, frozen and killed by the kernel, kept so by the engine.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Driver } from './driver.ts';
import { createKeptDriver } from './kept.ts';

/** Contains containers that run in the host's kernel (runc). Root only. */
export function createDockerDriver({ clock }: { readonly clock: Clock }): Driver {
  return createKeptDriver({ name: 'docker', clock });
}
