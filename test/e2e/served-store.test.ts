// The product with its store on a server (a front over chDB), which goes away under load and comes back.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Generator } from '../fault/generator.ts';
import { checkRecord, faultsOf } from '../fault/record-check.ts';
import { ClickHouseFront } from '../world/clickhouse-front.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';

const loadMs = 3_000;
const awayMs = 5_000;

let front: ClickHouseFront;
let product: TestProduct;

beforeAll(async () => {
  front = await ClickHouseFront.start();
  product = await startTestProduct({ store: front.settings });
});

afterAll(async () => {
  expect(await product.close()).toEqual([]);
  await front.close();
});

test('a store that goes away costs nothing, and is told of', { timeout: 180_000 }, async () => {
  const generator = await Generator.start(product.surroundings);
  await delay(loadMs);
  await front.stop();
  await delay(awayMs);
  await front.start();
  await delay(loadMs);
  const numbered = await generator.stop();
  expect(faultsOf(await checkRecord(product, generator), numbered)).toEqual([]);
  expect(product.log).toContain('sealing is tried again');
  expect(await product.verify()).toMatchObject({ exit: 0, report: { verdict: 'verified' } });
});

test('a product that is stopped is verified on its server', async () => {
  await product.stop();
  expect(await product.verify()).toMatchObject({ exit: 0, report: { verdict: 'verified' } });
  await product.start();
});
