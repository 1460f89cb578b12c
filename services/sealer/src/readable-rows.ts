// A chain's rows as far as they can be read: what lies in damaged bytes is passed over, and missing.
import type { SealedRow } from '@sandtrail/chain/row';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreReader } from '@sandtrail/store/store';

const stepRows = 1024n;

/**
 * Rows in order of position. Where the engine cannot read on, the chain is read in steps of 1,024
 * positions up to `last`, and a step that cannot be read is left out: the verifier names the gap.
 */
export async function* readableRows(
  store: Pick<StoreReader, 'rowBatches'>,
  { chain, last }: { readonly chain: string; readonly last: bigint },
): AsyncGenerator<SealedRow> {
  let next = 0n;
  let to: bigint | undefined;
  while (to === undefined || next <= last) {
    try {
      const range = { chain, from: next, ...(to === undefined ? {} : { to }) };
      for await (const rows of store.rowBatches(range)) {
        for (const row of rows) {
          yield row;
          next = row.pos + 1n;
        }
      }
      if (to === undefined) return;
    } catch (error) {
      if (!(error instanceof SandtrailError) || error.code !== 'DATA_DIR_DAMAGED') throw error;
    }
    // After the first damage only steps are read, so that one bad place hides little around it.
    if (to !== undefined) next = to + 1n;
    to = next + stepRows - 1n;
  }
}
