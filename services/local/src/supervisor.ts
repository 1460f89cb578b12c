// The supervisor: prepares the data directory, starts the processes in order, keeps them alive.
import { writeFileSync } from 'node:fs';
import type { Logger } from '@sandtrail/runtime/log';
import { type Account, chooseAccounts } from './accounts.ts';
import { type Child, startChild } from './child.ts';
import { type Configuration, configurationFile } from './configuration.ts';
import { openDataDirectory } from './data-directory.ts';
import { prepareKeys } from './keys.ts';
import type { Layout } from './layout.ts';

interface ProductOptions {
  readonly layout: Layout;
  readonly configuration: Configuration;
  readonly user: Account;
  readonly log: Logger;
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
const entry = new URL('./main.ts', import.meta.url).pathname;

/**
 * Starts core, signer and host, in this order, and resolves when all serve.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_UNUSABLE`, `CHILD_FAILED`
 */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { layout, configuration, user, log, logFd } = options;
  const accounts = chooseAccounts(user);
  const lock = openDataDirectory(layout, accounts);
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.toReversed()) await child.stop();
    lock.release();
  };
  try {
    prepareKeys({ layout, configuration, accounts });
    writeFileSync(configurationFile(layout), JSON.stringify(configuration), { mode: 0o644 });
    const start = async (name: string, account: Account | undefined) => {
      const args = [name, layout.root];
      children.push(
        await startChild({ name, file: entry, args, account, log, logFd, readyMsMax, stopMsMax }),
      );
    };
    await start('core', accounts.separated ? accounts.core : undefined);
    await start('signer', accounts.separated ? accounts.signer : undefined);
    await start('host', undefined);
  } catch (error) {
    await stop();
    throw error;
  }
  return { children, stop };
}
