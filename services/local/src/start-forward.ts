// The forwarder of the embedded product: its destinations, its folder, and what tells it of new rows.
import { type Forwarder, startForwarder } from '@sandtrail/forwarder/forwarder';
import type { Sealer } from '@sandtrail/sealer/sealer';
import type { OpenedStore } from '@sandtrail/store/open-store';
import type { Surroundings } from './role.ts';

interface Parts {
  readonly store: Pick<OpenedStore, 'readTarget'>;
  readonly sealer: Pick<Sealer, 'status'>;
}

/** Starts it; without destinations nothing runs. */
export function startForward(surroundings: Surroundings, { store, sealer }: Parts): Forwarder {
  const { layout, configuration, log, counters } = surroundings;
  return startForwarder({
    destinations: configuration.destinations,
    node: configuration.node,
    dir: layout.forwarder,
    store: store.readTarget,
    arrivals: () => sealer.status().reduce((sum, { sealedTo }) => sum + sealedTo, 0n),
    log: log.child('forwarder'),
    counters,
  });
}
