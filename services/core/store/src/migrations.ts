// The store's schema, step by step; a step is a file in `migrations/`.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreConnection } from './connection.ts';
import type { Migration } from './migration.ts';
import { migration0001 } from './migrations/0001-sealed.ts';
import { textOf } from './result.ts';

/** Every step, in order. */
export const migrations: readonly Migration[] = [migration0001];

/** Which steps a store has. */
export const ledger = `
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, appliedAt DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1`;

/**
 * Brings the schema to the newest step.
 * @throws SandtrailError `DATA_DIR_VERSION` when a later version of Sandtrail wrote this store.
 */
export async function migrate(connection: StoreConnection): Promise<void> {
  const applied = await appliedNumber(connection);
  if (applied === undefined) await connection.command({ sql: ledger });
  const newest = migrations.at(-1)?.number ?? 0;
  if (applied !== undefined && applied > newest) {
    throw new SandtrailError('DATA_DIR_VERSION', {
      detail: `the store has schema ${applied}, this version knows ${newest}`,
    });
  }
  for (const step of migrations.filter(({ number }) => number > (applied ?? 0))) {
    for (const sql of step.statements) await connection.command({ sql });
    const { number, name } = step;
    const sql = `INSERT INTO migrations (number, name) SELECT ${number}, '${name}'`;
    await connection.command({ sql });
  }
}

/** Undefined in a store without a ledger; a login that may make no table needs one that is there. */
async function appliedNumber(connection: StoreConnection): Promise<number | undefined> {
  const isThere = `
SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'
FORMAT TSV`;
  if (Number(await textOf(connection.read({ sql: isThere }))) === 0) return undefined;
  const sql = 'SELECT max(number) FROM migrations FORMAT TSV';
  return Number(await textOf(connection.read({ sql })));
}
