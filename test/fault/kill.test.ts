// kill -9 of the product's processes under load: nothing taken is lost, nothing counts twice.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { Generator } from './generator.ts';
import { checkRecord, faultsOf } from './record-check.ts';
import { runRounds } from './rounds.ts';

const rounds = 10;
/** Another one each time; `SANDTRAIL_FAULT_SEED` gives a plan again. */
const seed = Number(process.env['SANDTRAIL_FAULT_SEED'] ?? Date.now() % 1_000_000);

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

test('ten deaths at random moments cost nothing that was taken', { timeout: 240_000 }, async () => {
  // Said as it happens: a test that hangs has then said how far it came.
  const tell = (line: string) => console.log(line);
  tell(`seed ${seed}`);
  try {
    const generator = await Generator.start(product.surroundings);
    const told = await runRounds({ product, seed, rounds, recoverEach: false, tell });
    const numbered = await generator.stop();
    for (const { verdict, victim, number } of told)
      expect(verdict, `round ${number}, ${victim}`).toBe('verified');
    const check = await checkRecord(product, generator);
    tell(JSON.stringify(check));
    expect(faultsOf(check, numbered)).toEqual([]);
  } catch (error) {
    tell(product.log.split('\n').slice(-60).join('\n'));
    throw error;
  }
});
