// What the command line asks of the running host daemon about a container that somebody else started.
import { watchContainer as askHost } from '@sandtrail/host/control/watch-container';
import type { Policy } from '@sandtrail/schemas/policy';
import type { Layout } from './layout.ts';

interface ContainerWish {
  /** Its id or its name in the first engine of the configuration. */
  readonly container: string;
  readonly policy: Policy;
  readonly allowWeaker: boolean;
}

/**
 * Resolves when it is watched, to its uid, its life and what of its policy nothing enforces.
 * @throws SandtrailError `CONTROL_LOST`, `DOCKER_UNAVAILABLE`, `CONTAIN_UNKNOWN_SANDBOX`,
 * `SANDBOX_WEAKER`
 */
export function watchContainer({ hostSocket }: Layout, wish: ContainerWish) {
  return askHost(hostSocket, wish);
}
