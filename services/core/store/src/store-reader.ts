// The store's reads, as statements over a connection that only reads.
import { strict as assert } from 'node:assert';
import type { SealedRow } from '@sandtrail/chain/row';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Topic } from '@sandtrail/schemas/topics';
import { type StoreConnection, sqlText } from './connection.ts';
import { eventLines } from './event-lines.ts';
import { projectionDiffers, projectionWith } from './projection.ts';
import { bytesOf, linesOf } from './result.ts';
import { decodeSealedRows, readString, sealedColumns } from './row-binary.ts';
import type {
  ChainExtent,
  ChainTail,
  DetectorSnapshot,
  ProjectionMismatch,
  QueryOptions,
  RowRange,
  StoredChain,
  StoredHead,
  StoreReader,
  TailOptions,
} from './store.ts';

interface Options {
  readonly connection: Pick<StoreConnection, 'read' | 'close'>;
  readonly counters: Counters;
}

/** Small blocks keep a stream's memory flat whatever the number of parts. */
const streamSettings = { max_block_size: 4096 };
/** What an analyst's query may take. */
const querySettings = {
  default_format: 'JSONEachRow',
  max_execution_time: 30,
  max_memory_usage: 256 * 1024 * 1024,
  max_result_rows: 1_000_000,
  max_result_bytes: 256 * 1024 * 1024,
  result_overflow_mode: 'throw',
  max_block_size: 4096,
};

/** Reads over `connection`. */
export function storeReader({ connection, counters }: Options): StoreReader {
  const rowBatches = (range: RowRange) => readRowBatches(connection, range);
  return {
    chains: () => readChains(connection),
    extents: () => readExtents(connection),
    head: (chain) => readHead(connection, chain),
    tails: (options) => readTails(connection, options),
    rowBatches,
    rows: (range) => flattened(rowBatches(range)),
    checkpoints: (chain, limit) => readCheckpoints(connection, chain, limit),
    chainState: (chain, sizeMax) => readChainState(connection, chain, sizeMax),
    projectionMismatches: (limit) => readMismatches(connection, limit),
    queryEvents: (filter) => eventLines({ connection, counters, filter }),
    query: (sql, options = {}) => readQuery(connection, sql, options),
    snapshot: (partition, bundle) => readSnapshot(connection, partition, bundle),
    close: () => connection.close(),
  };
}

type Reading = Pick<StoreConnection, 'read'>;

async function readChains(connection: Reading): Promise<readonly StoredChain[]> {
  const sql = `
SELECT DISTINCT lower(hex(chain)), log, topic, partition FROM chains
ORDER BY topic, partition, chain FORMAT TSV`;
  const chains: StoredChain[] = [];
  for await (const line of linesOf(connection.read({ sql }))) {
    const [chain = '', log = '', topic, partition] = line.split('\t');
    chains.push({ chain, log, topic: Topic.parse(topic), partition: Number(partition) });
  }
  return chains;
}

async function readExtents(connection: Reading): Promise<readonly ChainExtent[]> {
  const sql = `
SELECT lower(hex(chain)), any(topic), any(partition), min(pos), max(pos), count()
FROM sealed GROUP BY chain ORDER BY chain FORMAT TSV`;
  const extents: ChainExtent[] = [];
  for await (const line of linesOf(connection.read({ sql }))) {
    const [chain = '', topic = '', partition, first = 0, last = 0, rows = 0] = line.split('\t');
    const numbers = { first: BigInt(first), last: BigInt(last), rows: BigInt(rows) };
    extents.push({ chain, topic, partition: Number(partition), ...numbers });
  }
  return extents;
}

async function readHead(connection: Reading, chain: string): Promise<StoredHead | undefined> {
  const sql = `
SELECT ${sealedColumns} FROM sealed WHERE chain = unhex({chain:String})
ORDER BY chain DESC, pos DESC LIMIT 1 FORMAT RowBinary`;
  const bytes = connection.read({ sql, params: { chain } });
  for await (const [row] of decodeSealedRows(bytes)) {
    if (row?.link !== undefined) return { pos: row.pos, offset: row.offset, link: row.link };
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: `the head of ${chain} has no link` });
  }
  return undefined;
}

async function readTails(connection: Reading, { known, quietKinds }: TailOptions) {
  const after = known.map(({ chain, pos }) => {
    assert(/^[0-9a-f]{64}$/.test(chain), 'a chain id is 32 bytes in hexadecimal');
    return `(chain = unhex('${chain}') AND pos >= ${pos})`;
  });
  const ids = known.map(({ chain }) => `unhex('${chain}')`);
  const others = ids.length === 0 ? 'true' : `chain NOT IN (${ids.join(', ')})`;
  const quiet = quietKinds.map(sqlText).join(', ');
  const loud = quiet === '' ? 'true' : `kind NOT IN (${quiet})`;
  const sql = `
SELECT lower(hex(chain)), max(pos), countIf(${loud}) FROM sealed
WHERE ${[...after, others].join(' OR ')}
GROUP BY chain FORMAT TSV`;
  const tails: ChainTail[] = [];
  for await (const line of linesOf(connection.read({ sql }))) {
    const [chain = '', pos = 0, events] = line.split('\t');
    tails.push({ chain, pos: BigInt(pos), isQuiet: events === '0' });
  }
  return tails;
}

function readRowBatches(connection: Reading, { chain, from, to, signal }: RowRange) {
  const upTo = to === undefined ? '' : 'AND pos <= {to:UInt64}';
  const sql = `
SELECT ${sealedColumns} FROM sealed WHERE chain = unhex({chain:String}) AND pos >= {from:UInt64}
${upTo} ORDER BY chain, pos FORMAT RowBinary`;
  const params = { chain, from, ...(to === undefined ? {} : { to }) };
  const abort = signal === undefined ? {} : { signal };
  return decodeSealedRows(connection.read({ sql, params, settings: streamSettings, ...abort }));
}

async function* flattened(batches: AsyncIterable<readonly SealedRow[]>) {
  for await (const rows of batches) yield* rows;
}

async function readCheckpoints(connection: Reading, chain: string, limit: number) {
  const sql = `
SELECT JSONExtractString(body, 'note') AS note FROM sealed
WHERE chain IN (SELECT chain FROM chains WHERE topic = 'control')
  AND kind = 'control.checkpoint' AND subject = {chain:String}
ORDER BY JSONExtract(body, 'size', 'UInt64') DESC LIMIT 1 BY note LIMIT {limit:UInt64}
FORMAT RowBinary`;
  return strings(await bytesOf(connection.read({ sql, params: { chain, limit } })));
}

async function readChainState(connection: Reading, chain: string, sizeMax: bigint) {
  const sql = `
SELECT state FROM chain_states WHERE chain = unhex({chain:String}) AND size <= {sizeMax:UInt64}
ORDER BY size DESC LIMIT 1 FORMAT RowBinary`;
  return strings(await bytesOf(connection.read({ sql, params: { chain, sizeMax } })))[0];
}

async function readMismatches(connection: Reading, limit: number) {
  const sql = `
${projectionWith}
SELECT lower(hex(chain)), pos FROM sealed WHERE ${projectionDiffers}
LIMIT {limit:UInt64} FORMAT TSV`;
  const mismatches: ProjectionMismatch[] = [];
  const settings = streamSettings;
  for await (const line of linesOf(connection.read({ sql, params: { limit }, settings }))) {
    const [chain = '', pos = 0] = line.split('\t');
    mismatches.push({ chain, pos: BigInt(pos) });
  }
  return mismatches;
}

function readQuery(connection: Reading, sql: string, options: QueryOptions) {
  const { params, signal, timeSecondsMax: max_execution_time } = options;
  const bound = params === undefined ? {} : { params };
  const abort = signal === undefined ? {} : { signal };
  const time = max_execution_time === undefined ? {} : { max_execution_time };
  const settings = { ...querySettings, ...time };
  return linesOf(connection.read({ sql, settings, ...bound, ...abort }));
}

async function readSnapshot(
  connection: Reading,
  partition: number,
  bundle: string,
): Promise<DetectorSnapshot | undefined> {
  const sql = `
SELECT nextOffset, blob FROM detector_snapshots
WHERE partition = {partition:UInt16} AND bundle = {bundle:String}
ORDER BY nextOffset DESC LIMIT 1 FORMAT RowBinary`;
  const bytes = await bytesOf(connection.read({ sql, params: { partition, bundle } }));
  const blob = readString(bytes, 8);
  if (blob === undefined) return undefined;
  return { partition, bundle, nextOffset: bytes.readBigUInt64LE(0), blob: blob.value };
}

function strings(bytes: Buffer): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const read = readString(bytes, at);
    if (read === undefined) throw new Error('a text without its end');
    values.push(read.value.toString());
    at = read.end;
  }
  return values;
}
