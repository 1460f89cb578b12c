// Idle: what the product costs while nothing happens, and how long it takes to start.
import { setTimeout as delay } from 'node:timers/promises';
import { TestProduct } from '../world/product.ts';
import { runWorkload } from '../world/workload.ts';
import { costOf, memoryOf, sharesOf, totalOf } from './cost.ts';
import { type Figure, figure } from './figure.ts';

const settleMs = 12_000;

/** Measures a product of its own: its start, its first event, then silence for `seconds`. */
export async function measureIdle({
  seconds,
}: {
  readonly seconds: number;
}): Promise<readonly Figure[]> {
  const product = new TestProduct({ checkpointMs: 2000, logLevel: 'warn' });
  try {
    const beganMs = performance.now();
    await product.start();
    const readyMs = performance.now() - beganMs;
    await runWorkload(product, { script: 'true', name: 'first' });
    const first = await product.feed.find(({ body }) => body.kind === 'process.exec', 5000);
    if (first === undefined) throw new Error('no program was seen');
    const firstMs = performance.now() - beganMs;
    await product.closeFeed();
    await delay(settleMs);
    const before = costOf(product.pid);
    const fromMs = performance.now();
    await delay(seconds * 1000);
    const elapsedMs = performance.now() - fromMs;
    const after = costOf(product.pid);
    const total = totalOf(after);
    return [
      figure({
        ...{ name: 'start: to ready', unit: 'ms', value: readyMs },
        detail:
          'from the command `up` on a new data directory to `Recording.`: all processes serve',
      }),
      figure({
        ...{ name: 'start: to first event', unit: 'ms', value: firstMs, atMost: 5000 },
        detail:
          'from `up` until a program in a sandbox started right after was seen, and had ended',
      }),
      figure({
        ...{ name: 'idle: memory', unit: 'MB', value: total.pssMb, atMost: 650 },
        detail: `PSS of all processes (RSS sum ${total.rssMb.toFixed(0)}): ${memoryOf(after)}`,
      }),
      figure({
        ...{ name: 'idle: CPU', unit: '% of a core', atMost: 2 },
        value: ((total.cpuMs - totalOf(before).cpuMs) / elapsedMs) * 100,
        detail: `over ${seconds} s: ${sharesOf(before, after, elapsedMs)}`,
      }),
    ];
  } finally {
    const left = await product.close();
    if (left.length > 0) process.stderr.write(`left behind: ${left.join('; ')}\n`);
  }
}
