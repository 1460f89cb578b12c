// Writing sealed rows: a block as one insert, and what to do when its fate is not known.
import { strict as assert } from 'node:assert';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type StoreConnection, sqlText } from './connection.ts';
import {
  projectionColumns,
  projectionValues,
  projectionVersion,
  projectionWith,
} from './projection.ts';
import { textOf } from './result.ts';
import { blockStructure, encodeBlockRows } from './row-binary.ts';
import type { Block, BlockRow } from './store.ts';

const attemptsMax = 5;
const dayMs = 86_400_000;

/** Stores a block; see `Store.insertBlock`. */
export async function insertBlock(connection: StoreConnection, block: Block): Promise<void> {
  const ends = checkBlock(block);
  const rows = encodeBlockRows(block.rows);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.insert({
        sql: (source) => insertSql(block, source),
        structure: blockStructure,
        rows,
      });
      return;
    } catch (error) {
      const isUncertain = error instanceof SandtrailError && error.code === 'STORE_UNAVAILABLE';
      if (!isUncertain || attempt >= attemptsMax) throw error;
      if (await isStored(connection, block.chain, ends)) return;
    }
  }
}

interface BlockEnds {
  readonly first: BlockRow;
  readonly last: BlockRow;
}

/** One block is one part of the table, and a part is written whole or not at all: one chain, one day. */
function checkBlock({ chain, rows }: Block): BlockEnds {
  const first = rows[0];
  const last = rows.at(-1);
  assert(first !== undefined && last !== undefined, 'a block has rows');
  assert(/^[0-9a-f]{64}$/.test(chain), 'a chain id is 32 bytes in hexadecimal');
  rows.forEach((row, index) => {
    assert(row.pos === first.pos + BigInt(index), 'positions of a block follow each other');
    assert(row.link.length === 32, 'a link is 32 bytes');
    assert(
      Math.floor(row.appendedAtMs / dayMs) === Math.floor(first.appendedAtMs / dayMs),
      'a block is of one day',
    );
  });
  return { first, last };
}

function insertSql({ chain, topic, partition }: Block, source: string): string {
  return `
INSERT INTO sealed (chain, topic, partition, pos, offset, appendedAt, header, body, link,
  projectionVersion, ${projectionColumns.join(', ')})
${projectionWith}
SELECT unhex('${chain}'), ${sqlText(topic)}, ${partition}, pos, offset, appendedAt, header, body,
  link, ${projectionVersion}, ${projectionValues.join(', ')}
FROM ${source}`;
}

/** True when every position of the block is there and its last link is the block's. */
async function isStored(connection: StoreConnection, chain: string, { first, last }: BlockEnds) {
  const sql = `
SELECT uniqExact(pos), countIf(pos = {last:UInt64} AND link = unhex({link:String})) > 0
FROM sealed
WHERE chain = unhex({chain:String}) AND pos BETWEEN {first:UInt64} AND {last:UInt64}
FORMAT TSV`;
  const params = { chain, first: first.pos, last: last.pos, link: last.link.toString('hex') };
  const [count, isLast] = (await textOf(connection.read({ sql, params }))).trim().split('\t');
  return BigInt(count ?? 0) === last.pos - first.pos + 1n && isLast === '1';
}
