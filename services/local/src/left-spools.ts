// Spools of runs that are over: shipped by the host when the gateway is back, then removed.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { KitConfig } from '@sandtrail/kit/config';
import { Outbox } from '@sandtrail/kit/outbox';
import type { Shipper } from '@sandtrail/kit/shipper';
import { every } from '@sandtrail/runtime/supervise';
import type { Layout } from './layout.ts';
import type { Surroundings } from './role.ts';

const lookMs = 2_000;
const runsAtOnceMax = 64;

/** Where the kits of one run keep their epochs and spools. */
export function runSpool(layout: Layout, uid: string): string {
  return path.join(layout.spool, 'runs', uid);
}

/** Removes a run's folder unless records wait in it. */
export function removeRunSpool(folder: string): void {
  if (segmentsIn(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

interface LeftSpools {
  readonly surroundings: Surroundings;
  readonly shipper: Shipper;
  /** The folder in which each run that is not over has one of its own. */
  readonly runs: string;
  readonly signal: AbortSignal;
}

/**
 * A run that ended while the gateway was away, or whose runner was killed, left records behind that
 * nobody else would ever send. Looks for them until `signal` aborts.
 */
export async function shipLeftSpools({ surroundings, shipper, runs, signal }: LeftSpools) {
  const { layout, counters } = surroundings;
  await every({ ms: lookMs, signal }, async () => {
    const left = namesIn(path.join(layout.spool, 'runs'))
      .filter((uid) => !existsSync(path.join(runs, uid)))
      .slice(0, runsAtOnceMax);
    for (const uid of left) {
      if (signal.aborted) return;
      const folder = runSpool(layout, uid);
      for (const collector of namesIn(folder)) {
        const dir = path.join(folder, collector, `${collector}.spool`);
        if (segmentsIn(dir).length === 0) continue;
        counters.add('host.spools_left');
        const outbox = new Outbox({ ...surroundings, shipper, dir, config: KitConfig.parse({}) });
        // Ships what there is for a bounded time; the rest stays for the next look.
        await outbox.close();
      }
      removeRunSpool(folder);
    }
  });
}

function segmentsIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.segment'));
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
