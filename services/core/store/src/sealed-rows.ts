// Writing sealed rows: blocks as one insert, and what to do when its fate is not known.
import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
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
const pauseMs = 50;
const dayMs = 86_400_000;

const blocksMax = 64;

/** Stores blocks; see `Store.insertBlocks`. */
export async function insertBlocks(connection: StoreConnection, blocks: readonly Block[]) {
  assert(blocks.length > 0 && blocks.length <= blocksMax, `1 to ${blocksMax} blocks at once`);
  const ends = blocks.map(checkBlock);
  const days = new Set(ends.map(({ first }) => dayOf(first)));
  assert(days.size === 1, 'blocks that are stored together are of one day');
  const insert = {
    sql: (source: string) => insertSql(blocks, source),
    structure: blockStructure,
    rows: encodeBlockRows(blocks.map(({ rows }) => rows)),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1 && (await areStored(connection, ends))) return;
      await connection.insert(insert);
      return;
    } catch (error) {
      const isUncertain = error instanceof SandtrailError && error.code === 'STORE_UNAVAILABLE';
      if (!isUncertain || attempt >= attemptsMax) throw error;
      // An engine that was killed refuses connections a little before its end is noticed.
      await delay(pauseMs * attempt);
    }
  }
}

interface BlockEnds {
  readonly chain: string;
  readonly first: BlockRow;
  readonly last: BlockRow;
}

/** What is of one day becomes one part of the table, and a part is written whole or not at all. */
function checkBlock({ chain, rows }: Block): BlockEnds {
  const first = rows[0];
  const last = rows.at(-1);
  assert(first !== undefined && last !== undefined, 'a block has rows');
  assert(/^[0-9a-f]{64}$/.test(chain), 'a chain id is 32 bytes in hexadecimal');
  rows.forEach((row, index) => {
    assert(row.pos === first.pos + BigInt(index), 'positions of a block follow each other');
    assert(row.link.length === 32, 'a link is 32 bytes');
    assert(dayOf(row) === dayOf(first), 'a block is of one day');
  });
  return { chain, first, last };
}

function dayOf({ appendedAtMs }: BlockRow): number {
  return Math.floor(appendedAtMs / dayMs);
}

function insertSql(blocks: readonly Block[], source: string): string {
  const chain = perBlock(blocks.map((block) => `unhex('${block.chain}')`));
  const topic = perBlock(blocks.map((block) => sqlText(block.topic)));
  const partition = perBlock(blocks.map((block) => `${block.partition}`));
  return `
INSERT INTO sealed (chain, topic, partition, pos, offset, appendedAt, header, body, link,
  projectionVersion, ${projectionColumns.join(', ')})
${projectionWith}
SELECT ${chain}, ${topic}, ${partition}, pos, offset, appendedAt, header, body,
  link, ${projectionVersion}, ${projectionValues.join(', ')}
FROM ${source}`;
}

/** What is the same for all rows of a block, picked by the block's index where there are several. */
function perBlock(values: readonly string[]): string {
  const [first = ''] = values;
  return values.length === 1 ? first : `[${values.join(', ')}][block + 1]`;
}

async function areStored(connection: StoreConnection, ends: readonly BlockEnds[]) {
  for (const each of ends) if (!(await isStored(connection, each))) return false;
  return true;
}

/** True when every position of the block is there and its last link is the block's. */
async function isStored(connection: StoreConnection, { chain, first, last }: BlockEnds) {
  const sql = `
SELECT uniqExact(pos), countIf(pos = {last:UInt64} AND link = unhex({link:String})) > 0
FROM sealed
WHERE chain = unhex({chain:String}) AND pos BETWEEN {first:UInt64} AND {last:UInt64}
FORMAT TSV`;
  const params = { chain, first: first.pos, last: last.pos, link: last.link.toString('hex') };
  const [count, isLast] = (await textOf(connection.read({ sql, params }))).trim().split('\t');
  return BigInt(count ?? 0) === last.pos - first.pos + 1n && isLast === '1';
}
