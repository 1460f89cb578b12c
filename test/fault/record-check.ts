// What must hold of the record after all faults: nothing taken is lost, nothing counts twice.
import { setTimeout as delay } from 'node:timers/promises';
import { detectLines } from '@sandtrail/detection/detect-lines';
import { streamAdmin } from '@sandtrail/local/admin-client';
import type { TestProduct } from '../world/product.ts';
import { sqlRows } from '../world/sql-rows.ts';
import type { Generator } from './generator.ts';

const stillMs = 6_000;

/** The account of a generator's records and of all findings. */
export interface RecordCheck {
  readonly acknowledged: number;
  /** Records that were taken and are not in the store. */
  readonly missing: number;
  /** Rows beyond the first of a record: sent again, with the same bytes. */
  readonly sentAgain: number;
  /** Records of which the store holds two texts. */
  readonly twoTexts: number;
  /** Denials without a finding, and denials with more than one. */
  readonly unfound: number;
  readonly foundTwice: number;
  /** Findings that the same detectors, given the stored events, tell otherwise or not at all. */
  readonly otherwise: readonly string[];
}

/** Compares what was taken with what is stored, and what was found with what should have been. */
export async function checkRecord(
  product: TestProduct,
  generator: Generator,
): Promise<RecordCheck> {
  const { acknowledged } = generator.notes;
  const rows = await storedRows(product, generator);
  const stored = new Map(rows.map(({ seq, copies, texts }) => [seq, { copies, texts }]));
  const all = [...stored.values()];
  const found = await foundMarkers(product, generator);
  const markers = Array.from({ length: generator.markers }, (_, n) => `marker${n + 1}.com`);
  return {
    acknowledged: acknowledged.size,
    missing: [...acknowledged].filter((seq) => !stored.has(seq)).length,
    sentAgain: all.reduce((sum, { copies }) => sum + copies - 1, 0),
    twoTexts: all.filter(({ texts }) => texts > 1).length,
    unfound: markers.filter((marker) => !found.has(marker)).length,
    foundTwice: markers.filter((marker) => (found.get(marker) ?? 0) > 1).length,
    otherwise: await differences(product),
  };
}

/** What should not be so, in words; `numbered` is how many records the generator made. */
export function faultsOf(check: RecordCheck, numbered: bigint): readonly string[] {
  const { acknowledged, missing, twoTexts, unfound, foundTwice, otherwise } = check;
  const counts = { missing, twoTexts, unfound, foundTwice };
  return [
    ...(BigInt(acknowledged) === numbered ? [] : [`${acknowledged} of ${numbered} were taken`]),
    ...Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name}: ${count}`),
    ...otherwise.map((each) => `judged otherwise: ${each}`),
  ];
}

/** The generator's rows, once the sealer has caught up with all that was taken. */
async function storedRows(product: TestProduct, { uid, stream, notes }: Generator) {
  const where = `sandbox = '${uid}' AND stream = '${stream}'`;
  const sql = `SELECT toString(seq) AS seq, count() AS copies, uniqExact(body) AS texts
    FROM sealed WHERE ${where} GROUP BY seq`;
  const read = async () =>
    (await sqlRows(product, sql)).map(({ seq, copies, texts }) => {
      return { seq: BigInt(String(seq)), copies: Number(copies), texts: Number(texts) };
    });
  // A record that is missing is waited for as long as the sealer adds anything.
  let rows = await read();
  for (let before = -1; rows.length > before && rows.length < notes.acknowledged.size; ) {
    before = rows.length;
    await delay(stillMs);
    rows = await read();
  }
  return rows;
}

async function foundMarkers(product: TestProduct, { uid }: Generator) {
  const sql = `SELECT JSONExtractString(body, 'finding', 'explanation') AS told,
    uniqExact(stream, seq) AS times FROM sealed WHERE sandbox = '${uid}' AND kind = 'finding'
    GROUP BY told`;
  const found = new Map<string, number>();
  for (const { told, times } of await sqlRows(product, sql)) {
    const marker = /marker\d+\.com/.exec(String(told))?.[0];
    if (marker !== undefined) found.set(marker, Number(times));
  }
  return found;
}

/** Findings are a function of the log: judged again from the store, they are the same. */
async function differences(product: TestProduct): Promise<readonly string[]> {
  const judge = detectLines();
  const told = new Map<string, string>();
  const again = new Map<string, string>();
  const { adminSocket: socket } = product.layout;
  const asked = { socket, method: 'GET', path: '/v1/events', input: { limit: '1000000' } } as const;
  for await (const line of streamAdmin(asked)) {
    const { finding }: { finding?: { id: string } } = JSON.parse(line);
    if (finding !== undefined) told.set(finding.id, JSON.stringify(finding));
    const outcome = judge.line(line);
    if (outcome.type !== 'findings') throw new Error(outcome.message);
    for (const one of outcome.findings) again.set(one.id, wireText(one));
  }
  const ids = new Set([...told.keys(), ...again.keys()]);
  return [...ids]
    .filter((id) => told.get(id) !== again.get(id))
    .map((id) => `stored: ${told.get(id)}\n again: ${again.get(id)}`);
}

function wireText(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    typeof each === 'bigint' ? each.toString() : each,
  );
}
