// What a sandbox costs: from the call to the first instruction of the command, and the whole of `true`.
import { test } from 'vitest';
import { runSandbox } from './run.ts';
import { RunRig, testPolicy } from './run-rig.ts';

const options = { iterations: 20, time: 0, warmupIterations: 1, warmupTime: 0 };

test('a run of true, registered with a daemon', { timeout: 120_000 }, async ({ bench }) => {
  const rig = new RunRig();
  await rig.startHost();
  const network = { mode: 'restricted' as const };
  for (const [name, policy] of [
    ['without network', testPolicy()],
    ['with proxy and resolver', testPolicy({ network })],
  ] as const) {
    const startsMs: number[] = [];
    const run = async () => {
      const { startMs } = await runSandbox(rig.run(['true'], { policy }).options);
      startsMs.push(startMs);
    };
    await bench(`run true, ${name}`, run).run(options);
    startsMs.sort((a, b) => a - b);
    const median = startsMs[Math.floor(startsMs.length / 2)] ?? 0;
    process.stdout.write(`start to command, ${name}: median ${median.toFixed(1)} ms\n`);
  }
  await rig.close();
});
