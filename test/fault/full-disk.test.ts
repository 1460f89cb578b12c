// A disk that fills up under load: what was taken stays, everybody is told, and it mends by itself.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { runWorkload, startWorkload } from '../world/workload.ts';
import { Generator } from './generator.ts';
import { checkRecord, faultsOf } from './record-check.ts';

const diskSize = '48m';
const fillBlockBytes = 65_536;

let product: TestProduct;
beforeEach(() => {
  product = new TestProduct({});
  const { bus } = product.layout;
  mkdirSync(bus);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'sandtrail-test', bus]);
});
afterEach(async () => {
  // What still runs keeps its files; whatever failed, no mount stays behind.
  execFileSync('umount', ['--lazy', product.layout.bus]);
  expect(await product.close()).toEqual([]);
});

test('a full disk costs nothing that was taken, and all goes on by itself when there is room', {
  timeout: 240_000,
}, async () => {
  const { bus } = product.layout;
  await product.start();
  const doomed = startWorkload(product, { script: 'sleep 600', name: 'doomed' });
  const generator = await Generator.start(product.surroundings);
  const { notes } = generator;
  await until(() => notes.acknowledged.size > 500, { what: 'the load is taken' });

  const filler = path.join(bus, 'filler');
  fill(filler);
  await until(() => notes.failures > 3, { what: 'records are refused', withinMs: 60_000 });
  const takenWhenFull = notes.acknowledged.size;
  const { stdout } = await product.command(['doctor']);
  expect(stdout).toContain(`remedy: make room on the file system of ${bus}`);
  // The host's sensors say little while nothing happens: it may be their next heartbeat.
  await until(() => /not acknowledged.*GATEWAY_REFUSED|DISK_FULL/.test(product.log), {
    what: 'the log tells of it',
  });
  await expectUsableRecord();
  const killed = await product.command(['quarantine', doomed.uid, '--level', 'L5']);
  expect(killed).toMatchObject({ exit: 0 });
  await doomed.ended;
  const meanwhile = await runWorkload(product, { script: 'true', name: 'meanwhile' });
  expect(notes.acknowledged.size).toBe(takenWhenFull);

  rmSync(filler);
  await until(() => notes.acknowledged.size > takenWhenFull + 1000, {
    what: 'records are taken again',
    withinMs: 60_000,
  });
  // What the host's sensors saw meanwhile lay in their spools.
  await awaitRecord(product, meanwhile.uid, 'process.exec');
  const numbered = await generator.stop();
  const check = await checkRecord(product, generator);
  expect(faultsOf(check, numbered)).toEqual([]);
  expect((await product.verify()).report).toMatchObject({ verdict: 'verified', findings: [] });
  expect(product.log).not.toContain('process died');
});

/** What was sealed can be read and proven; both go into the record, from the log's reserve. */
async function expectUsableRecord() {
  expect((await product.verify()).report.verdict).toBe('verified');
  const isTold = async () => {
    const { exit, stdout } = await product.command(['query', '--kind', 'control.audit', '--json']);
    expect(exit).toBe(0);
    return stdout.includes('"act":"verify"');
  };
  await until(isTold, { what: 'who verified is in the record', withinMs: 30_000, everyMs: 200 });
}

/** Takes what is left, but for what the log itself keeps back. */
function fill(file: string): void {
  const block = Buffer.alloc(fillBlockBytes);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
    throw error;
  }
}
