// The kits of a process: one for each of its collectors, all with the same scanner.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KitConfig } from '@sandtrail/kit/config';
import { createKit, type Kit } from '@sandtrail/kit/kit';
import type { Shipper } from '@sandtrail/kit/shipper';
import { createScanner, type Scanner } from '@sandtrail/secrets/scanner';
import { secretlintEngine } from '@sandtrail/secrets/secretlint';
import { keyFilesOf } from './keys.ts';
import type { Layout } from './layout.ts';
import type { Surroundings } from './role.ts';

/** The scanner of this installation: its fingerprint key, both engines. */
export function openScanner(layout: Layout): Scanner {
  const fingerprintKey = readFileSync(keyFilesOf(layout).fingerprint);
  return createScanner({ fingerprintKey, secondEngine: secretlintEngine });
}

interface KitPlan {
  readonly collector: string;
  /** Folder of this process's own, for epochs and spools. */
  readonly dir: string;
  readonly shipper: Shipper;
  readonly scanner: Scanner;
}

/** A kit with the surroundings' clock, chance and counters. */
export function openKit(surroundings: Surroundings, plan: KitPlan): Kit {
  const { configuration, clock, random, counters, log } = surroundings;
  return createKit({
    ...plan,
    node: configuration.node,
    dir: path.join(plan.dir, plan.collector),
    clock,
    random,
    counters,
    log: log.child(plan.collector),
    config: KitConfig.parse({}),
  });
}
