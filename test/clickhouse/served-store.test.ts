// The store over HTTP, against a front over chDB; logins, an engine that goes away, what is refused.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { storeConformance } from '@sandtrail/store/conformance';
import { openServedStore } from '@sandtrail/store/open-served-store';
import { connectReader, openStore } from '@sandtrail/store/open-store';
import { schemaSql } from '@sandtrail/store/schema-sql';
import { ServedStore } from '@sandtrail/store/store-target';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClickHouseFront, frontLogins } from '../world/clickhouse-front.ts';
import { until } from '../world/until.ts';

const around = { logger: silentLogger, counters: createCounters() };

storeConformance('embedded', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'st-store-'));
  const store = await openStore({ dir, ...around });
  const remove = async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  };
  return { store, remove };
});

storeConformance('on a server', async () => {
  const front = await ClickHouseFront.start();
  const server = ServedStore.parse(front.settings);
  const store = await openServedStore({ server, ...around });
  const remove = async () => {
    await store.close();
    await front.close();
  };
  return { store, remove };
});

describe('a server', () => {
  let front: ClickHouseFront;
  beforeAll(async () => {
    front = await ClickHouseFront.start();
  });
  afterAll(() => front.close());

  test('that is away at the start is waited for, and serves what it had when it is back', async () => {
    const server = ServedStore.parse(front.settings);
    await (await openServedStore({ server, ...around })).close();
    await front.stop();
    const told: string[] = [];
    const waiting = (detail: string) => told.push(detail);
    const opening = openServedStore({ server, ...around, waiting });
    await until(() => told.length > 0, { what: 'it tells that it waits' });
    await front.start();
    const store = await opening;
    expect(await store.extents()).toEqual([]);
    await front.stop();
    await expect(store.extents()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await front.start();
    expect(await store.extents()).toEqual([]);
    await store.close();
  });

  test('gives a reader no way to write, and a wrong password nothing', async () => {
    const { url, reader, login } = ServedStore.parse(front.settings);
    expect(login?.user).toBe(frontLogins.writer.user);
    const asReader = ServedStore.parse({ url, login: reader });
    const opened = openServedStore({ server: asReader, ...around });
    const store = await opened;
    await expect(store.saveChainState('00'.repeat(32), 1n, 'x')).rejects.toMatchObject({
      code: 'STORE_QUERY_REFUSED',
    });
    await store.close();
    const target = { url, login: { user: 'sandtrail_writer', passwordFile: login?.user ?? '' } };
    const wrong = ServedStore.parse({
      ...target,
      login: { ...target.login, passwordFile: '/dev/null' },
    });
    const stranger = connectReader({ target: wrong, counters: createCounters() });
    await expect(stranger.extents()).rejects.toMatchObject({ code: /STORE_/ });
    await stranger.close();
  });

  test('on another machine is not spoken to in the clear', async () => {
    const server = ServedStore.parse({ url: 'http://store.example:8123' });
    await expect(openServedStore({ server, ...around })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    expect(ServedStore.safeParse({ url: 'http://user:secret@127.0.0.1:8123' }).success).toBe(false);
  });

  test('is prepared by statements that its engine can parse, for every table', async () => {
    const folder = new URL('../../deploy/clickhouse/', import.meta.url);
    const schema = readFileSync(new URL('schema.sql', folder), 'utf8');
    const roles = readFileSync(new URL('roles.sql', folder), 'utf8');
    expect(schema).toBe(schemaSql());
    const tables = [...schema.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)].map(
      ([, name]) => name,
    );
    for (const name of tables)
      expect(roles).toMatch(new RegExp(`INSERT ON sandtrail\\.${name} TO`));
    const store = await openServedStore({ server: ServedStore.parse(front.settings), ...around });
    const parse = (sql: string) =>
      all(store.query('SELECT formatQuery({sql:String}) AS text', { params: { sql } }));
    for (const statement of `${schema}${roles}`.split(/;\n/)) {
      const sql = statement.replaceAll(/^--.*\n?/gm, '').trim();
      if (sql !== '') expect(await parse(sql), sql).toHaveLength(1);
    }
    await expect(parse('GRANT ALL TO')).rejects.toMatchObject({ code: 'STORE_QUERY_REFUSED' });
    await store.close();
  });
});

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
