// What the admin socket answers about destinations: how they stand, and two acts, which are recorded.
import type { Forwarder } from '@sandtrail/forwarder/forwarder';
import { DestinationName } from './admin-contract.ts';
import type { Routes } from './admin-server.ts';

interface Parts {
  readonly forwarder: Forwarder;
  /** Seals who asked for what, before it is done. */
  readonly audited: (act: string, asked: unknown) => Promise<unknown>;
}

/** The routes below `/v1/forward`. */
export function forwardRoutes({ forwarder, audited }: Parts): Routes {
  return {
    async 'GET /v1/forward'() {
      return { json: await forwarder.status() };
    },
    async 'POST /v1/forward/replay'(input) {
      const { destination } = DestinationName.parse(input);
      await audited('forward.replay', destination);
      return { json: await forwarder.replay(destination) };
    },
    async 'POST /v1/forward/test'(input) {
      const { destination } = DestinationName.parse(input);
      await audited('forward.test', destination);
      return { json: await forwarder.test(destination) };
    },
  };
}
