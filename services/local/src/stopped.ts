// A data directory that nobody serves, opened by a command: to query, to export, to verify.
import { existsSync, readFileSync } from 'node:fs';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { exportStore } from '@sandtrail/sealer/export-store';
import { verifyStore } from '@sandtrail/sealer/verify-store';
import { openServedStore } from '@sandtrail/store/open-served-store';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { EventFilter, type VerifyRequest } from './admin-contract.ts';
import { Configuration, configurationFile } from './configuration.ts';
import { checkVersion, takeLock } from './data-directory.ts';
import type { Layout } from './layout.ts';
import { storeFilter } from './store-filter.ts';

const answerMsMax = 10_000;
const Last = Configuration.pick({ store: true });

/** The store that the product had when it ran last. */
async function openLast(layout: Layout): Promise<OpenedStore> {
  const around = { logger: silentLogger, counters: createCounters() };
  const { store: server } = lastConfiguration(layout);
  if (server === 'embedded') return await openStore({ dir: layout.store, ...around });
  return await openServedStore({ server, ...around, signal: AbortSignal.timeout(answerMsMax) });
}

/** What a command does with a stopped directory; `close` lets it go again. */
export type Stopped = Awaited<ReturnType<typeof openStopped>>;

/**
 * Takes the lock and opens the store.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_DAMAGED`, `NOT_RUNNING`
 * when there is no directory at all
 */
export async function openStopped(layout: Layout) {
  if (!existsSync(layout.version)) {
    throw new SandtrailError('NOT_RUNNING', { detail: `${layout.root} holds no data` });
  }
  const lock = takeLock(layout);
  try {
    checkVersion(layout);
    const store = await openLast(layout);
    return {
      events: (filter: unknown) => store.queryEvents(storeFilter(EventFilter.parse(filter))),
      sql: (sql: string) => store.query(sql),
      export: () => exportStore(store),
      verify: ({ trust, heads }: VerifyRequest) => verifyStore({ store, trust, heads }),
      async close() {
        await store.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function lastConfiguration(layout: Layout) {
  const file = configurationFile(layout);
  if (!existsSync(file)) return Last.parse({});
  return Last.loose().parse(JSON.parse(readFileSync(file, 'utf8')));
}
