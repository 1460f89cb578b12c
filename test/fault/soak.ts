// Fifty deaths instead of ten, each with its full recovery: `npm run soak [-- SEED [ROUNDS]]`.
import { startTestProduct } from '../world/product.ts';
import { Generator } from './generator.ts';
import { checkRecord, faultsOf } from './record-check.ts';
import { runRounds } from './rounds.ts';

const [seedText, roundsText] = process.argv.slice(2);
const seed = Number(seedText ?? Date.now() % 1_000_000);
const rounds = Number(roundsText ?? 50);

const say = (text: string) => process.stdout.write(`${text}\n`);
say(`seed ${seed}, ${rounds} rounds`);
const product = await startTestProduct();
const faults: string[] = [];
try {
  const generator = await Generator.start(product.surroundings);
  const told = await runRounds({ product, seed, rounds, recoverEach: true, tell: say });
  const numbered = await generator.stop();
  const check = await checkRecord(product, generator);
  say(JSON.stringify({ numbered: `${numbered}`, ...check, otherwise: check.otherwise.length }));
  faults.push(
    ...told.filter(({ verdict }) => verdict !== 'verified').map(({ number }) => `round ${number}`),
  );
  faults.push(...faultsOf(check, numbered));
} catch (error) {
  faults.push(error instanceof Error ? `${error.stack}` : String(error));
} finally {
  faults.push(...(await product.close()));
}
for (const fault of faults) say(`FAULT ${fault}`);
say(faults.length === 0 ? `seed ${seed}: nothing lost, nothing twice` : `seed ${seed} failed`);
process.exit(faults.length === 0 ? 0 : 1);
