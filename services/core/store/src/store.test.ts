import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import type { SealedRow } from '@sandtrail/chain/row';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectReader, type OpenedStore, openStore } from './open-store.ts';
import { type SampleParts, sampleEvent, sealSamples } from './sample-rows.ts';
import type { Block, StoreReader } from './store.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'store-test-'));
const counters = createCounters();
const logger = silentLogger;
const dayMs = Date.UTC(2026, 1, 3);
let store: OpenedStore;

beforeAll(async () => {
  store = await openStore({ dir: path.join(dir, 'store'), logger, counters });
});

afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

function chainOf(partition: number) {
  return startChain(chainId({ log: 'test', topic: 'events', partition }, '00'.repeat(16)));
}

function block(partition: number, parts: readonly SampleParts[]): Block {
  const { rows, state } = sealSamples(chainOf(partition), parts, dayMs + 1234);
  return { chain: hexOf(state.chain), topic: 'events', partition, rows };
}

function samples(count: number): readonly SampleParts[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(index));
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function plain({ pos, offset, header, body, link }: SealedRow) {
  return { pos, offset, header, body, link };
}

describe('the store', () => {
  test('gives back every byte value in header and body', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const parts = [
      { header: every, body: Buffer.concat([every, every.toReversed()]) },
      { header: Buffer.alloc(0), body: Buffer.alloc(0) },
      { header: Buffer.alloc(128, 0x0a), body: Buffer.alloc(70_000, 0xff) },
    ];
    const written = block(1, parts);
    await store.insertBlock(written);
    const read = await all(store.rows({ chain: written.chain, from: 0n }));
    expect(read.map(plain)).toEqual(written.rows.map(plain));
  });

  test('knows the head of a chain, and none of a chain without rows', async () => {
    const written = block(2, samples(300));
    await store.insertBlock(written);
    const last = written.rows.at(-1);
    expect(await store.head(written.chain)).toEqual({ pos: 299n, offset: 299n, link: last?.link });
    expect(await store.head('00'.repeat(32))).toBeUndefined();
    const { chain } = written;
    const others = (await store.extents()).filter((each) => each.chain !== chain);
    const known = others.map((each) => ({ chain: each.chain, pos: 1_000_000n }));
    const tailOf = (from: bigint, quietKinds: readonly string[]) =>
      store.tails({ known: [...known, { chain, pos: from }], quietKinds });
    expect(await tailOf(299n, [])).toEqual([{ chain, pos: 299n, isQuiet: false }]);
    expect(await tailOf(300n, [])).toEqual([]);
    const unknown = await store.tails({ known, quietKinds: ['file.open'] });
    expect(unknown).toEqual([{ chain, pos: 299n, isQuiet: true }]);
  });

  test('reads a range of rows across blocks in order', async () => {
    const { chain, rows, ...rest } = block(3, samples(20_000));
    for (const at of [10_000, 0, 15_000, 5000]) {
      await store.insertBlock({ chain, ...rest, rows: rows.slice(at, at + 5000) });
    }
    const read = await all(store.rows({ chain, from: 4990n, to: 15_010n }));
    expect(read.map(plain)).toEqual(rows.slice(4990, 15_011).map(plain));
  });

  test('stores blocks of several chains together, each under its own chain', async () => {
    const blocks = [block(11, samples(3)), block(12, samples(5))];
    await store.insertBlocks(blocks);
    for (const { chain, rows, partition } of blocks) {
      const read = await all(store.rows({ chain, from: 0n }));
      expect(read.map(plain)).toEqual(rows.map(plain));
      const own = (await store.extents()).find((extent) => extent.chain === chain);
      expect(own).toMatchObject({ partition, rows: BigInt(rows.length) });
    }
  });

  test('returns a block that was written twice as duplicates', async () => {
    const written = block(4, samples(3));
    await store.insertBlock(written);
    await store.insertBlock(written);
    const read = await all(store.rows({ chain: written.chain, from: 0n }));
    expect(read.map(({ pos }) => pos)).toEqual([0n, 0n, 1n, 1n, 2n, 2n]);
    const own = (await store.extents()).find(({ chain }) => chain === written.chain);
    expect(own).toMatchObject({ first: 0n, last: 2n, rows: 6n, partition: 4, topic: 'events' });
  });

  test('derives typed columns that agree with the sealed bytes', async () => {
    await store.insertBlock(block(5, samples(50)));
    const sql = `SELECT tenant, sandbox, incarnation, trust, toString(time) AS time, kind, stream,
      toString(seq) AS seq, pid, exe, subject FROM sealed WHERE partition = 5 AND pos = 21`;
    const [line] = await all(store.query(sql));
    expect(JSON.parse(line ?? '')).toEqual({
      tenant: 'default',
      sandbox: 'sandbox-0001',
      incarnation: 0,
      trust: 'kernel',
      time: '2025-11-24 16:00:00.021000000',
      kind: 'file.open',
      stream: 'ebpf:node1:3:sandbox-0001:0',
      seq: '1',
      pid: 1021,
      exe: '/usr/bin/python3.11',
      subject: '/workspace/src/module-21/file-21.py',
    });
    expect(await store.projectionMismatches(10)).toEqual([]);
  });

  test('prints events that parse back to the exact body', async () => {
    const written = block(6, samples(100).map(withSandbox));
    await store.insertBlock(written);
    await store.insertBlock(written);
    const filter = { sandbox: 'sandbox-of-its-own', text: 'file-7', limit: 1000 };
    const lines = await all(store.queryEvents(filter));
    expect(lines).toHaveLength(11);
    const first = lines[0] ?? '';
    expect(JSON.parse(first)).toMatchObject({ chain: written.chain, pos: '7', offset: '7' });
    expect(parseEventLine(first).bodyText).toBe(written.rows[7]?.body.toString());
    const newest = await all(store.queryEvents({ ...filter, limit: 2 }));
    expect(newest).toEqual(lines.slice(-2));
    const sinceNs = 1_764_000_000_071_000_000n;
    const some = { ...filter, sinceNs, untilNs: sinceNs + 3_000_000n, kind: 'file.open' };
    expect(await all(store.queryEvents(some))).toEqual(lines.slice(2, 5));
  });

  test('keeps snapshots and chain states and returns the newest that fits', async () => {
    const blob = Buffer.from([0, 255, 10, 92, 9]);
    await store.saveSnapshot({ partition: 1, bundle: 'b', nextOffset: 5n, blob });
    await store.saveSnapshot({ partition: 1, bundle: 'b', nextOffset: 9n, blob: Buffer.from('x') });
    expect(await store.snapshot(1, 'b')).toMatchObject({ nextOffset: 9n, blob: Buffer.from('x') });
    expect(await store.snapshot(1, 'other')).toBeUndefined();
    const chain = 'ab'.repeat(32);
    await store.saveChainState(chain, 5n, '{"a":5}');
    await store.saveChainState(chain, 9n, '{"a":"\\t\'"}');
    expect(await store.chainState(chain, 8n)).toBe('{"a":5}');
    expect(await store.chainState(chain, 9n)).toBe('{"a":"\\t\'"}');
    expect(await store.chainState(chain, 4n)).toBeUndefined();
  });

  test('finds sealed checkpoints by their chain', async () => {
    const chain = 'cd'.repeat(32);
    const checkpoint = (size: number) => ({
      header: sampleEvent(0).header,
      body: Buffer.from(
        JSON.stringify({
          kind: 'control.checkpoint',
          signedChain: chain,
          size: `${size}`,
          note: `n\n${size}\n`,
        }),
      ),
    });
    const control = block(7, [checkpoint(3), checkpoint(7), checkpoint(5)]);
    await store.addChain({ chain: control.chain, log: 'test', topic: 'control', partition: 7 });
    await store.insertBlock(control);
    await store.insertBlock(control);
    expect(await store.checkpoints(chain, 2)).toEqual(['n\n7\n', 'n\n5\n']);
  });
});

function withSandbox({ header, body }: SampleParts): SampleParts {
  const text = header.toString().replace(/sandbox-\d{4}/, 'sandbox-of-its-own');
  return { header: Buffer.from(text), body };
}

describe('a query of an analyst', () => {
  const refusals: readonly (readonly [string, string, string])[] = [
    ['an INSERT', 'INSERT INTO chains SELECT * FROM chains', 'STORE_QUERY_REFUSED'],
    ['a DROP', 'DROP TABLE sealed', 'STORE_QUERY_REFUSED'],
    ['a change of settings', 'SELECT 1 SETTINGS max_memory_usage = 0', 'STORE_QUERY_REFUSED'],
    [
      'a file of the machine',
      "SELECT * FROM file('/etc/passwd', LineAsString)",
      'STORE_QUERY_REFUSED',
    ],
    ['a file to write', "SELECT 1 INTO OUTFILE '/tmp/never'", 'STORE_QUERY_REFUSED'],
    ['an address', "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)", 'STORE_QUERY_REFUSED'],
    ['wrong SQL', 'SELEC 1', 'STORE_QUERY_REFUSED'],
    ['an unknown table', 'SELECT * FROM nothing', 'STORE_QUERY_REFUSED'],
    ['too much memory', 'SELECT groupArray(number) FROM numbers(100000000)', 'STORE_QUERY_LIMIT'],
    ['too many rows', 'SELECT number FROM numbers(2000000)', 'STORE_QUERY_LIMIT'],
  ];
  test.each(refusals)('is refused %s', async (_name, sql, code) => {
    const error = await all(store.query(sql)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SandtrailError);
    expect(error).toMatchObject({ code });
  });

  test('takes parameters as values and gives one object a line', async () => {
    const text = "it's \\ \n {x:String} ; DROP";
    const sql = 'SELECT {text:String} AS text, number FROM numbers(2)';
    const lines = await all(store.query(sql, { params: { text } }));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { text, number: '0' },
      { text, number: '1' },
    ]);
  });

  test('can be left half way', async () => {
    for await (const line of store.query('SELECT number FROM numbers(900000)')) {
      expect(line).toBe('{"number":"0"}');
      break;
    }
    expect(await all(store.query('SELECT 1 AS n'))).toEqual(['{"n":1}']);
  });
});

describe('several processes', () => {
  test('a second opener is told that the directory is in use', async () => {
    const again = openStore({ dir: path.join(dir, 'store'), logger, counters });
    await expect(again).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  });

  test('a reader on the read socket reads what was sealed and cannot write', async () => {
    const reader: StoreReader = connectReader({
      target: { socketPath: socketOf(store) },
      counters,
    });
    const written = block(8, samples(10));
    await store.insertBlock(written);
    expect(await all(reader.rows({ chain: written.chain, from: 0n }))).toHaveLength(10);
    await expect(all(reader.query('TRUNCATE TABLE sealed'))).rejects.toMatchObject({
      code: 'STORE_QUERY_REFUSED',
    });
    await reader.close();
  });

  test('an engine that is killed comes back with every acknowledged row', async () => {
    const written = block(9, samples(5000));
    await store.insertBlock(written);
    const pid = store.enginePid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const late = block(10, samples(10));
    await store.insertBlock(late);
    expect(store.enginePid()).not.toBe(pid);
    expect(await store.head(written.chain)).toMatchObject({ pos: 4999n });
    expect(await all(store.rows({ chain: late.chain, from: 0n }))).toHaveLength(10);
    expect(counters.snapshot()['store.engine_exits']).toBe(1);
  });
});

function socketOf({ readTarget }: OpenedStore): string {
  if ('socketPath' in readTarget) return readTarget.socketPath;
  throw new Error('the store is not chDB');
}
