// A kit over a memory shipper in a directory of its own: for tests and benches.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { type Counters, createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { createScanner } from '@sandtrail/secrets/scanner';
import { secretlintEngine } from '@sandtrail/secrets/secretlint';
import { KitConfig } from './config.ts';
import { createKit, type Kit } from './kit.ts';
import { createMemoryShipper, type MemoryShipper } from './memory-shipper.ts';
import type { Shipper } from './shipper.ts';
import type { KitStream } from './stream.ts';

/** The parts that a test looks at. */
export interface KitTestbed {
  readonly dir: string;
  readonly kit: Kit;
  readonly counters: Counters;
  readonly shipper: MemoryShipper;
  /** Opens the stream of sandbox number `number`. */
  open(number?: number): Promise<KitStream>;
  /** Closes the kit and removes its directory. */
  remove(): Promise<void>;
}

interface TestbedOptions {
  readonly dir?: string;
  readonly config?: Partial<KitConfig>;
  readonly shipper?: MemoryShipper;
  /** Takes the memory shipper's place. */
  readonly via?: Shipper;
}

const scanner = createScanner({
  fingerprintKey: new Uint8Array(32),
  secondEngine: secretlintEngine,
});

/** A directory for one test. */
export function makeDirectory(): string {
  return mkdtempSync(path.join(tmpdir(), 'sandtrail-kit-'));
}

/** Starts a kit. */
export function openKitTestbed(options: TestbedOptions = {}): KitTestbed {
  const dir = options.dir ?? makeDirectory();
  const shipper = options.shipper ?? createMemoryShipper();
  const counters = createCounters();
  const services = {
    scanner,
    clock: systemClock,
    random: systemRandom,
    counters,
    log: silentLogger,
  };
  const config = KitConfig.parse({ retryBaseMs: 5, retryMsMax: 20, ...options.config });
  const names = { collector: 'test', node: 'node-1', dir };
  const kit = createKit({ ...names, ...services, config, shipper: options.via ?? shipper });
  return {
    ...{ dir, kit, counters, shipper },
    async open(number = 1) {
      const sandbox = SandboxUid.parse(`sandbox-${number}`);
      return await kit.open({ sandbox, incarnation: 0, mode: 'all', blindSpots: [] });
    },
    async remove() {
      await kit.close('done');
      await rm(dir, { recursive: true });
    },
  };
}
