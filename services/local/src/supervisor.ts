// The supervisor: prepares the data directory, starts the processes in order, keeps them alive.
import { writeFileSync } from 'node:fs';
import { systemClock } from '@sandtrail/runtime/clock';
import type { Logger } from '@sandtrail/runtime/log';
import { type Account, chooseAccounts } from './accounts.ts';
import { type Child, startChild } from './child.ts';
import { prepareCodeCaches } from './code-caches.ts';
import { type Configuration, configurationFile } from './configuration.ts';
import { openDataDirectory } from './data-directory.ts';
import { prepareKeys } from './keys.ts';
import type { Layout } from './layout.ts';
import { releaseStartGarbage } from './start-garbage.ts';
import { readTelemetryHeaders } from './telemetry-headers.ts';

interface ProductOptions {
  readonly layout: Layout;
  readonly configuration: Configuration;
  readonly user: Account;
  readonly log: Logger;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Where the processes' logs go; our own standard error unless told. */
  readonly logFd?: number | undefined;
}

/** The running product. */
export interface Product {
  readonly children: readonly Child[];
  stop(): Promise<void>;
}

const readyMsMax = 30_000;
const stopMsMax = 8_000;
const entry = new URL('./role-entry.js', import.meta.url).pathname;

/** In this order they end: whoever needs another one ends before it. */
const stopOrder = ['host', 'signer', 'core'] as const;
type Name = (typeof stopOrder)[number];

/**
 * V8 lets the space of young objects grow to 128 MB in each thread under load, and keeps it. This
 * much serves batches of a megabyte as well. On few cores its helpers for collecting them cost more
 * than they spare the thread that waits: without them the core needs a tenth less CPU.
 */
const nodeFlags: Readonly<Record<Name, readonly string[]>> = {
  // kafkajs 2.2.4 sets a timer in the past with each connection (kafkajs #1751).
  core: [
    '--max-semi-space-size=16',
    '--no-parallel-scavenge',
    '--disable-warning=TimeoutNegativeWarning',
  ],
  signer: ['--max-semi-space-size=4'],
  host: ['--max-semi-space-size=8'],
};

/**
 * Starts core and signer, and beside them the host, whose sensors take seconds to attach; resolves
 * when all serve. The host lets nobody in before the gateway answers.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_UNUSABLE`, `CHILD_FAILED`
 */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { layout, configuration, user, log, logFd } = options;
  const accounts = chooseAccounts(user);
  const lock = openDataDirectory(layout, accounts);
  const children: Child[] = [];
  const stop = async () => {
    for (const name of stopOrder) await children.find((child) => child.name === name)?.stop();
    lock.release();
  };
  const failing = new AbortController();
  options.signal?.addEventListener('abort', () => failing.abort(), { once: true });
  const accountOf: Readonly<Record<Name, Account | undefined>> = {
    core: accounts.separated ? accounts.core : undefined,
    signer: accounts.separated ? accounts.signer : undefined,
    host: undefined,
  };
  const telemetryHeaders = readTelemetryHeaders(configuration);
  const patience = patienceOf(log);
  const start = async (name: Name) => {
    const account = accountOf[name];
    const about = {
      name,
      file: entry,
      args: [name, layout.root],
      account,
      nodeFlags: nodeFlags[name],
    };
    // Only the core tells the outside how the processes are; it asks its siblings through us.
    const siblings = async () => {
      const others = children.filter((child) => child.name !== name);
      const told = await Promise.all(others.map((child) => child.metrics()));
      return told.filter((each) => each !== undefined);
    };
    const asks = name === 'core' ? { siblings, telemetryHeaders } : { telemetryHeaders };
    const bounds = { readyMsMax, stopMsMax, signal: failing.signal, ...asks, ...patience };
    children.push(await startChild({ ...about, ...bounds, log, logFd }));
  };
  const startCore = async () => {
    await start('core');
    await start('signer');
  };
  try {
    prepareCodeCaches(accountOf, log);
    prepareKeys({ layout, configuration, accounts });
    writeFileSync(configurationFile(layout), JSON.stringify(configuration), { mode: 0o644 });
    const starts = [startCore(), start('host')];
    await Promise.all(starts).catch(async (error: unknown) => {
      failing.abort();
      await Promise.allSettled(starts);
      throw error;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  releaseStartGarbage();
  return { children, stop };
}

/** The core may wait for a broker that is away, and everybody else then waits for the core. */
function patienceOf(log: Logger) {
  let waitingSinceMs: number | undefined;
  return {
    onWaiting(detail: string) {
      if (waitingSinceMs === undefined) log.warn('the start waits for the log', { detail });
      waitingSinceMs = systemClock.monotonicMs();
    },
    isWaiting: () =>
      waitingSinceMs !== undefined && systemClock.monotonicMs() - waitingSinceMs < readyMsMax,
  };
}
