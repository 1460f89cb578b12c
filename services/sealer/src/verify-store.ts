// Verifies a store: the chain package's verifier over its rows, and its typed columns by SQL.

import { verifyAll } from '@sandtrail/chain/verify-all';
import { sealingTopic } from '@sandtrail/chain/verify-chain';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import type { StoreReader } from '@sandtrail/store/store';
import { chainSources } from './chain-sources.ts';

/** What to verify, and against what; see `VerifyOptions` of the chain package. */
export interface VerifyStoreOptions {
  readonly store: StoreReader;
  readonly trust?: TrustFile | undefined;
  readonly heads?: HeadFile | undefined;
}

const mismatchesMax = 1000;

/** The report on a store. A row whose bytes are damaged is not named again for its columns. */
export async function verifyStore({
  store,
  trust,
  heads,
}: VerifyStoreOptions): Promise<VerifyReport> {
  const sources = await chainSources(store);
  const columns = await columnFindings(store);
  const chains = sources.toSorted((a, b) => rank(a.identity.topic) - rank(b.identity.topic));
  const report = await verifyAll({ chains, trust, heads, outside: () => columns });
  return { ...report, findings: report.findings.filter((each, _, all) => !isEcho(each, all)) };
}

type Finding = VerifyReport['findings'][number];

/** The chain of checkpoints comes first: the others are held against what it carries. */
function rank(topic: string): number {
  return topic === sealingTopic ? 0 : 1;
}

async function columnFindings(store: StoreReader): Promise<readonly Finding[]> {
  const code = 'projection_mismatch';
  try {
    const detail = 'a typed column is not what the sealed bytes give';
    const mismatches = await store.projectionMismatches(mismatchesMax);
    return mismatches.map(({ chain, pos }) => ({ code, chain, position: pos, detail }));
  } catch (error) {
    if (!(error instanceof SandtrailError) || error.code !== 'DATA_DIR_DAMAGED') throw error;
    const detail = `typed columns cannot be read: ${error.detail}`;
    return [{ code, chain: null, position: null, detail }];
  }
}

/** Bytes that were changed give other columns too: that is one act, and it has its own code. */
function isEcho(each: Finding, all: readonly Finding[]): boolean {
  if (each.code !== 'projection_mismatch') return false;
  return all.some(
    ({ code, chain, position }) =>
      code !== each.code && chain === each.chain && position === each.position,
  );
}
