// Forwarding on the whole product: a real attack, real receivers, one that is dead, and kill -9.
import { readFileSync } from 'node:fs';
import { faultsOf } from '@sandtrail/forwarder/testbed/published-schema';
import { callAdmin } from '@sandtrail/local/admin-client';
import { ForwardStatus } from '@sandtrail/local/forward-status';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { type Event, type Receivers, startReceivers } from '../world/receivers.ts';
import { awaitRecord } from '../world/seen.ts';
import { sqlRows } from '../world/sql-rows.ts';
import { until } from '../world/until.ts';
import { runWorkload, watchOnly } from '../world/workload.ts';

const Counted = z.object({ counters: z.record(z.string(), z.number()) });

let receivers: Receivers;
let product: TestProduct;
beforeAll(async () => {
  receivers = await startReceivers();
  product = await startTestProduct({ destinations: receivers.destinations });
});
afterAll(async () => {
  const left = await product.close();
  await receivers.close();
  expect(left).toEqual([]);
});

/** Opens another process's files: a finding of severity high. */
async function attack(): Promise<string> {
  const script = 'cat /proc/1/root/etc/shadow; true';
  const { uid } = await runWorkload(product, { script, policy: watchOnly() });
  await awaitRecord(product, uid, 'finding');
  return uid;
}

async function status() {
  const { stdout } = await product.command(['forward', 'status', '--json']);
  return new Map(ForwardStatus.parse(JSON.parse(stdout)).map((each) => [each.name, each]));
}

const Count = z.object({ count: z.int() });

const isFindingOf = (uid: string) => (event: Event) =>
  event.class_uid === 2004 && event.device?.uid === uid;

test('an attack arrives everywhere, while one destination is dead', async () => {
  const uid = await attack();
  for (const [name, received] of Object.entries(receivers.received)) {
    await until(async () => (await received()).some(isFindingOf(uid)), {
      what: `${name} has the finding`,
      withinMs: 30_000,
    });
  }
  const text = readFileSync(receivers.destinations.archive.path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n'));
  expect(await faultsOf(whole, process.env['XDG_CACHE_HOME'])).toEqual([]);
  const { nobody, soc } = Object.fromEntries(await status());
  expect(soc?.lanes.urgent).toMatchObject({ state: 'flowing', dead: 0 });
  expect(nobody?.lanes.bulk?.state).toMatch(/retrying|open/);
  expect(nobody?.lanes.bulk?.failure).toBe('DESTINATION_UNREACHABLE: ECONNREFUSED');
  expect(nobody?.lanes.bulk?.sent).toBe(0);
});

test('the scheduler is told of a kill; a replayed or forged webhook tells it nothing', async () => {
  const { webhook, destinations } = receivers;
  const uid = await attack();
  await product.command(['quarantine', uid, '--level', 'L5']);
  const told = await until(
    () =>
      webhook.events.find(
        ({ type, subject }) => type.startsWith('sandtrail.cont') && subject === uid,
      ),
    { what: 'containment is told' },
  );
  expect(told.data).toMatchObject({ class_uid: 7003, unmapped: { record_integrity: {} } });
  const request = webhook.requests.find(({ body }) => body.includes(told.nonce));
  const send = async (body: string) => {
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const headers = names.map((name) => [name, String(request?.headers[name])]);
    const all = { method: 'POST', headers: Object.fromEntries(headers), body };
    return (await fetch(destinations.scheduler.url, all)).status;
  };
  expect(await send(request?.body ?? '')).toBe(403);
  expect(await send(request?.body.replace(uid, 'another-one') ?? '')).toBe(403);
  expect(webhook.refused.slice(-2)).toEqual(['WEBHOOK_REPLAYED', 'WEBHOOK_FORGED']);
  expect(webhook.events.filter(({ nonce }) => nonce === told.nonce)).toHaveLength(1);
  expect(webhook.events.filter(({ subject }) => subject === 'another-one')).toEqual([]);
});

test('what an index refused waits as dead letters, and a replay delivers it', async () => {
  const deadOf = async () => (await status()).get('strict')?.lanes.urgent?.dead ?? 0;
  await attack();
  await until(async () => (await deadOf()) > 0, { what: 'there are dead letters' });
  const refused = await product.command(['forward', 'replay', 'strict', '--json']);
  expect(refused.exit).toBe(1);
  await receivers.search.ask('DELETE', '/strict');
  await receivers.search.ask('PUT', '/strict', { mappings: { dynamic: false } });
  const dead = await deadOf();
  const replayed = await product.command(['forward', 'replay', 'strict', '--json']);
  expect(JSON.parse(replayed.stdout)).toEqual({ delivered: dead, left: 0 });
  expect(replayed.exit).toBe(0);
  await receivers.search.ask('POST', '/strict/_refresh');
  // What is found after the index was mended goes straight in.
  const { count } = Count.parse(await receivers.search.ask('GET', '/strict/_count'));
  expect(count).toBeGreaterThanOrEqual(dead);
});

test('a test event reaches a destination; doctor and status say how each one stands', async () => {
  const tried = await product.command(['forward', 'test', 'soc']);
  expect(tried).toMatchObject({ exit: 0, stdout: 'soc: delivered\n' });
  const away = await product.command(['forward', 'test', 'nobody', '--json']);
  expect(JSON.parse(away.stderr)).toMatchObject({ error: { code: 'DESTINATION_UNREACHABLE' } });
  const none = await product.command(['forward', 'test', 'nowhere', '--json']);
  expect(JSON.parse(none.stderr)).toMatchObject({ error: { code: 'DESTINATION_UNKNOWN' } });
  const shown = await product.command(['forward', 'status']);
  expect(shown.stdout).toMatch(/^archive \(file\) flowing: \d+ sent, 0 filtered, 0 dead/m);
  const doctor = await product.command(['doctor', '--json']);
  const { checks } = JSON.parse(doctor.stdout);
  expect(checks).toContainEqual(expect.objectContaining({ name: 'to archive', state: 'on' }));
  expect(checks).toContainEqual(expect.objectContaining({ name: 'to nobody', state: 'off' }));
});

test('kill -9 of the core in the middle loses nothing: every sealed row arrives, counts add up', async () => {
  const script = 'i=0; while [ $i -lt 150 ]; do echo x > f; rm f; i=$((i+1)); done';
  const working = runWorkload(product, { script });
  const core = await product.part('core');
  process.kill(core.pid, 'SIGKILL');
  // Its runner may have lost the gateway meanwhile; what was recorded counts here.
  await Promise.allSettled([working]);
  await until(async () => (await product.command(['forward', 'status'])).exit === 0, {
    what: 'the core is back',
    withinMs: 40_000,
    everyMs: 500,
  });
  const sql = 'SELECT lower(hex(chain)) AS chain, max(pos) AS last FROM sealed GROUP BY chain';
  const rows = await sqlRows(product, sql);
  await until(
    async () => {
      const got = new Set((await receivers.received.archive()).map(({ metadata }) => metadata.uid));
      return rows.every(({ chain, last }) => {
        const all = Array.from({ length: Number(last) + 1 }, (_, pos) => `${chain}:${pos}`);
        return all.every((uid) => got.has(uid));
      });
    },
    { what: 'every position that was sealed is in the file', withinMs: 30_000, everyMs: 200 },
  );
  for (const { name, lanes } of (await status()).values()) {
    for (const lane of [lanes.urgent, lanes.bulk]) {
      const { received = 0, sent = 0, filtered = 0, dead = 0 } = lane ?? {};
      expect({ name, sum: sent + filtered + dead }).toEqual({ name, sum: received });
    }
  }
  await attack();
  const names = ['archive', 'soc', 'search', 'scheduler'];
  await until(async () => (await odds(names)).length === 0, { what: 'counts that add up' });
});

/** Which destinations have received nothing in this life of the core, or hold something back. */
async function odds(names: readonly string[]): Promise<readonly string[]> {
  const call = { socket: product.layout.adminSocket, method: 'GET', path: '/v1/status' } as const;
  const { counters } = Counted.parse(await callAdmin(call));
  const of = (what: string, name: string) => counters[`forward.${what}{${name}}`] ?? 0;
  return names.filter((name) => {
    const sum = of('sent', name) + of('filtered', name) + of('dead', name);
    return sum === 0 || sum !== of('received', name);
  });
}
