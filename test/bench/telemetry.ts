// What telemetry costs: the same load with it off and on, by turns, in CPU seconds (`node test/bench/telemetry.ts`).
import { startOtlpReceiver } from '../world/otlp-receiver.ts';
import { type Settings, TestProduct } from '../world/product.ts';
import { until } from '../world/until.ts';
import { costOf, totalOf } from './cost.ts';
import { startLoad } from './load.ts';
import { progressOf } from './status.ts';

const rounds = 3;
const load = { way: 'records', sandboxes: 8, rate: 5_000, seconds: 12 } as const;

/** CPU seconds of all the product's processes for 100,000 records, sealed and judged. */
async function costWith(telemetry: Settings): Promise<number> {
  const product = new TestProduct({ logLevel: 'warn', telemetry });
  await product.start({ withFeed: false });
  try {
    const before = totalOf(costOf(product.pid)).cpuMs;
    const { sent } = await startLoad({ ...load, data: product.layout.root }).result;
    await until(
      async () => {
        const { judged, sealed } = await progressOf(product);
        return sealed >= sent && judged >= sealed;
      },
      { what: 'all is sealed and judged', withinMs: 60_000, everyMs: 100 },
    );
    return ((totalOf(costOf(product.pid)).cpuMs - before) / sent) * 100;
  } finally {
    await product.close();
  }
}

const receiver = await startOtlpReceiver();
const otlp = { endpoint: receiver.endpoint, exportMs: 10_000 };
const costs = { off: 0, on: 0 };
for (let round = 0; round < rounds; round += 1) {
  costs.off += (await costWith({})) / rounds;
  costs.on += (await costWith({ otlp, prometheus: { port: 0 } })) / rounds;
}
await receiver.close();
const ratio = ((costs.on / costs.off - 1) * 100).toFixed(1);
process.stdout.write(
  `CPU of 100,000 records: off ${costs.off.toFixed(2)} s, on ${costs.on.toFixed(2)} s (${ratio} %), ${receiver.spans.length} spans\n`,
);
