// Verifies a store: the chain package's verifier over its rows, and its typed columns by SQL.

import { verifyAll } from '@sandtrail/chain/verify-all';
import { sealingTopic } from '@sandtrail/chain/verify-chain';
import type { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import type { ProjectionMismatch, StoreReader } from '@sandtrail/store/store';
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
  const mismatches = await store.projectionMismatches(mismatchesMax);
  const chains = sources.toSorted((a, b) => rank(a.identity.topic) - rank(b.identity.topic));
  const report = await verifyAll({ chains, trust, heads, outside: () => mismatches.map(finding) });
  return { ...report, findings: report.findings.filter((each, _, all) => !isEcho(each, all)) };
}

type Finding = VerifyReport['findings'][number];

/** The chain of checkpoints comes first: the others are held against what it carries. */
function rank(topic: string): number {
  return topic === sealingTopic ? 0 : 1;
}

function finding({ chain, pos }: ProjectionMismatch): Finding {
  const detail = 'a typed column is not what the sealed bytes give';
  return { code: 'projection_mismatch', chain, position: pos, detail };
}

/** Bytes that were changed give other columns too: that is one act, and it has its own code. */
function isEcho(each: Finding, all: readonly Finding[]): boolean {
  if (each.code !== 'projection_mismatch') return false;
  return all.some(
    ({ code, chain, position }) =>
      code !== each.code && chain === each.chain && position === each.position,
  );
}
