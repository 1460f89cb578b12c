// Where each role keeps its compiled code: beside the code, in a folder that only its user can write.
import { chownSync, mkdirSync } from 'node:fs';
import type { Logger } from '@sandtrail/runtime/log';
import type { Account } from './accounts.ts';

const home = new URL('../../../node_modules/.cache/sandtrail/', import.meta.url);

/** Makes the folders, by role. An installation that cannot be written to starts slower, and says so. */
export function prepareCodeCaches(
  accounts: Readonly<Record<string, Account | undefined>>,
  log: Logger,
): void {
  try {
    for (const [role, account] of Object.entries(accounts)) {
      const folder = new URL(role, home);
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      if (account !== undefined) chownSync(folder, account.uid, account.gid);
    }
  } catch (error) {
    log.warn('compiled code is not kept', { error: String(error) });
  }
}
