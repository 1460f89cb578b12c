// Load through the kit: observations in, redacted, numbered and shipped as any collector's are.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KitConfig } from '@sandtrail/kit/config';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { createKit } from '@sandtrail/kit/kit';
import type { Shipper } from '@sandtrail/kit/shipper';
import { openScanner } from '@sandtrail/local/kits';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { createLogger } from '@sandtrail/runtime/log';
import { quantile } from './figure.ts';
import { createdObservation, loadObservation } from './load-observations.ts';
import type { Load, LoadAround } from './load-run.ts';

/** Observations of one turn: then what was emitted is shipped. */
const turnRecords = 200;
/** The collector waits when so many records are not yet acknowledged. */
const underWayMax = 12_000;

/** Opens a kit with a stream for each sandbox. */
export async function emitLoad({ layout, token, node, sandboxes }: LoadAround): Promise<Load> {
  const counters = createCounters();
  const dir = mkdtempSync(path.join(tmpdir(), 'st-load-'));
  const client = createGatewayClient({ address: { socketPath: layout.gatewaySocket }, token });
  const ackMs: number[] = [];
  const size = { bytes: 0, records: 0 };
  const shipper: Shipper = {
    async ship(records, signal) {
      const beganMs = performance.now();
      const refused = await client.ship(records, signal);
      if (ackMs.length < 100_000) ackMs.push(performance.now() - beganMs);
      for (const { body } of records) size.bytes += body.length;
      size.records += records.length;
      return refused;
    },
    close: () => client.close(),
  };
  const kit = createKit({
    ...{ collector: 'ebpf', node, dir, shipper, counters },
    scanner: openScanner(layout),
    clock: systemClock,
    random: systemRandom,
    log: createLogger({
      clock: systemClock,
      level: 'warn',
      part: 'load',
      write: (line) => process.stderr.write(line),
    }),
    config: KitConfig.parse({}),
  });
  const about = { incarnation: 0, mode: 'bench', blindSpots: [] };
  const streams = await Promise.all(sandboxes.map((sandbox) => kit.open({ sandbox, ...about })));
  for (const stream of streams) stream.emit(createdObservation(node, `${systemClock.nowNs()}`));
  const countOf = (name: string) =>
    Object.entries(counters.snapshot())
      .filter(([key]) => key === name || key.startsWith(`${name}{`))
      .reduce((all, [, count]) => all + count, 0);
  let emitted = 0;
  return {
    async give(wanted) {
      const records = Math.min(Math.ceil(wanted), turnRecords);
      for (let turn = 0; turn < records; turn += 1) {
        const stream = streams[emitted % streams.length];
        stream?.emit(loadObservation(emitted, `${systemClock.nowNs()}`));
        emitted += 1;
      }
      do await delay(0);
      while (countOf('kit.emitted') - countOf('kit.shipped') > underWayMax);
      return records;
    },
    async finish() {
      await kit.close('done');
      await client.close();
      rmSync(dir, { recursive: true });
      const failures = countOf('kit.ship_failed');
      return {
        ...{ sent: countOf('kit.emitted'), refused: countOf('kit.refused'), failures },
        dropped: countOf('kit.dropped'),
        sizeBytesMean: size.bytes / Math.max(size.records, 1),
        ackMsP50: quantile(ackMs, 0.5),
        ackMsP99: quantile(ackMs, 0.99),
      };
    },
  };
}
