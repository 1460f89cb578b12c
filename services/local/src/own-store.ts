// The store that the configuration names: chDB in the data directory, or a ClickHouse server.
import path from 'node:path';
import { openServedStore } from '@sandtrail/store/open-served-store';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { readTargetOf, type StoreTarget } from '@sandtrail/store/store-target';
import type { ProcessSurroundings, Surroundings } from './role.ts';

/**
 * Opens it for the core. A server that does not answer is waited for, and the supervisor is told.
 * @throws SandtrailError as `openStore` and `openServedStore`
 */
export function openOwnStore(surroundings: ProcessSurroundings): Promise<OpenedStore> {
  const { layout, configuration, counters, log, waiting } = surroundings;
  const logger = log.child('store');
  const server = configuration.store;
  if (server !== 'embedded') return openServedStore({ server, logger, counters, waiting });
  const { store: dir, runCore: runDir, runSigner: readDir } = layout;
  return openStore({ dir, runDir, readDir, logger, counters });
}

/** Where those go who only read it. */
export function ownReadTarget({ layout, configuration }: Surroundings): StoreTarget {
  const { store } = configuration;
  if (store !== 'embedded') return readTargetOf(store);
  return { socketPath: path.join(layout.runSigner, 'read.sock') };
}
