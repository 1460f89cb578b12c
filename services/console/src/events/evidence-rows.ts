// The evidence of a finding as rows: looked up by stream and number, and held against its hash.

import { createHash } from 'node:crypto';
import type { Evidence } from '@sandtrail/schemas/finding';
import * as z from 'zod';
import type { EvidenceRow } from '../contract/event-detail.ts';
import { type EventReading, listed, StoredRow } from './event-page.ts';
import { evidencePairs } from './evidence-pairs.ts';

const Row = StoredRow.extend({ s: z.string(), n: z.string() });

/** One entry for each piece, in its order. */
export async function evidenceRows(
  evidence: readonly Evidence[],
  { queries, signal }: EventReading,
): Promise<z.input<typeof EvidenceRow>[]> {
  if (evidence.length === 0) return [];
  const { pairs, params } = evidencePairs(evidence);
  const found = await queries.rows({
    sql: `
SELECT lower(hex(chain)) AS c, toString(pos) AS p, topic, header, body AS b,
  toString(toUnixTimestamp64Nano(time)) AS t, stream AS s, toString(seq) AS n
FROM sealed WHERE (stream, seq) IN (${pairs})
LIMIT 1 BY chain, pos LIMIT 64`,
    params,
    row: Row,
    signal,
  });
  return evidence.map(({ stream, seq, bodyHash, trust }) => {
    const row = found.find(({ s, n }) => s === stream && n === `${seq}`);
    return {
      ...{ stream, trust },
      seq: `${seq}`,
      row: row === undefined ? null : (listed(row) ?? null),
      matches: row !== undefined && createHash('sha256').update(row.b).digest('hex') === bodyHash,
    };
  });
}
