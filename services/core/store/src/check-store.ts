// What an opened store lacks: tables that should be there, and parts that the engine set aside.
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreConnection } from './connection.ts';
import { textOf } from './result.ts';

interface Options {
  readonly connection: Pick<StoreConnection, 'read'>;
  readonly logger: Logger;
  readonly counters: Counters;
}

const tables = ['sealed', 'chains', 'chain_states', 'detector_snapshots'];

/**
 * Looks at what the engine found when it opened. A part that it cannot read is set aside, which
 * leaves a gap that `verify` names; that is counted and said here, and the rest stays readable.
 * @throws SandtrailError `DATA_DIR_DAMAGED` when a table is gone
 */
export async function checkStore({ connection, logger, counters }: Options): Promise<void> {
  const names = tables.map((name) => `'${name}'`).join(', ');
  const sql = `
SELECT (SELECT count() FROM system.tables WHERE database = 'default' AND name IN (${names})),
  (SELECT count() FROM system.detached_parts WHERE reason LIKE 'broken%')
FORMAT TSV`;
  const [found, broken] = (await textOf(connection.read({ sql }))).trim().split('\t').map(Number);
  if (found !== tables.length) {
    const detail = `the store has ${found} of its ${tables.length} tables`;
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail });
  }
  if (broken === undefined || broken === 0) return;
  counters.add('store.broken_parts', broken);
  logger.error('the engine could not read parts of the store', { parts: broken });
}
