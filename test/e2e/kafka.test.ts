// The product on a real Kafka broker: attacks, a broker that goes away, a core that is killed.

import { setTimeout as delay } from 'node:timers/promises';
import { startFileServer } from '@sandtrail/local/tour/file-server';
import { tourPolicy } from '@sandtrail/local/tour/policy';
import { attacks } from '@sandtrail/local/tour/scenarios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Generator } from '../fault/generator.ts';
import { checkRecord, faultsOf } from '../fault/record-check.ts';
import { startBroker, type TestBroker } from '../world/kafka.ts';
import { notYet } from '../world/not-yet.ts';
import { TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { sqlRows } from '../world/sql-rows.ts';
import { until } from '../world/until.ts';
import { startWorkload } from '../world/workload.ts';

const awayMs = 20_000;
const loadMs = 4_000;

let broker: TestBroker;
let product: TestProduct;

beforeAll(async () => {
  broker = await startBroker();
  product = new TestProduct({ bus: broker.url });
  await broker.stop();
  const starting = product.start();
  await until(() => product.log.includes('the start waits for the log'), { what: 'it waits' });
  await broker.start();
  await starting;
});

afterAll(async () => {
  expect(await product.close()).toEqual([]);
  await broker.close();
});

/** What waited in the spool has been taken: the sender is no further behind than a second. */
async function caughtUp(generator: Generator): Promise<void> {
  const isNear = () => generator.notes.acknowledged.size >= generator.emitted - 500;
  await until(isNear, { what: 'the spool is empty', withinMs: 90_000 });
  // Some denials a second: all but the last are judged, and told in findings that are sealed.
  const sql = `SELECT uniqExact(stream, seq) AS n FROM sealed
    WHERE sandbox = '${generator.uid}' AND kind = 'finding'`;
  // Right after a kill there is no core to ask.
  const isJudged = async () => {
    const rows = await sqlRows(product, sql).catch(notYet);
    return Number(rows?.[0]?.['n'] ?? 0) >= generator.markers - 20;
  };
  await until(isJudged, { what: 'it is judged', withinMs: 60_000, everyMs: 500 });
}

async function expectVerified(): Promise<void> {
  // A core that is killed leaves streams unclosed and sends some records again: told, not tampering.
  const { exit, report } = await product.verify();
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
}

test('an escape is found through Kafka, frozen with proof, and the record verifies', async () => {
  const server = await startFileServer();
  const [attack] = attacks;
  if (attack === undefined) throw new Error('there are no attacks');
  const policy = tourPolicy({ port: server.port, isolation: 'bubblewrap' });
  const running = startWorkload(product, { ...attack, policy });
  running.stdin.end();
  const { body } = await awaitRecord(product, running.uid, 'containment.verified');
  expect(body.result).toMatchObject({ level: 'L2', check: 'at_once' });
  await product.command(['quarantine', running.uid, '--level', 'L5']);
  expect(await running.ended).toMatchObject({ reason: 'contained' });
  await server.close();
  await expectVerified();
});

test('a broker that is away for 20 s costs nothing', { timeout: 180_000 }, async () => {
  const generator = await Generator.start(product.surroundings);
  await delay(loadMs);
  await broker.stop('SIGKILL');
  await delay(awayMs);
  await broker.start();
  await caughtUp(generator);
  const numbered = await generator.stop();
  const check = await checkRecord(product, generator);
  expect(faultsOf(check, numbered)).toEqual([]);
  expect(product.log).toContain('the log does not answer');
  expect(product.log).toContain('the log answers again');
  await expectVerified();
});

test('kill -9 of the core under load loses nothing and doubles nothing', {
  timeout: 180_000,
}, async () => {
  const generator = await Generator.start(product.surroundings);
  for (let round = 0; round < 2; round += 1) {
    await delay(loadMs);
    const { pid } = await product.part('core');
    process.kill(pid, 'SIGKILL');
  }
  await caughtUp(generator);
  const numbered = await generator.stop();
  const check = await checkRecord(product, generator);
  expect(faultsOf(check, numbered)).toEqual([]);
  await expectVerified();
});
