// The gvisor driver: a Sentry and all that it traces, frozen and killed by the host's kernel.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Driver } from './driver.ts';
import { createKeptDriver } from './kept.ts';

/**
 * Contains gVisor sandboxes without asking them. `runsc pause` is a request to the Sentry, which is
 * what a sandbox would have taken over; and a paused Sentry answers no kill (an engine's own kill of
 * one took 10.7 s). Its processes on the host are frozen, killed and counted instead. Root only.
 */
export function createGvisorDriver({ clock }: { readonly clock: Clock }): Driver {
  return createKeptDriver({ name: 'gvisor', clock });
}
