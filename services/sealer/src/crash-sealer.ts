// A process that seals until it is killed: opens log and store of a directory, for the crash tests.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { placesOf } from '@sandtrail/bus/places';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { partitionCount } from '@sandtrail/schemas/topics';
import { openStore } from '@sandtrail/store/open-store';
import { startSealer } from './sealer.ts';

const dir = process.argv[2] ?? '.';
const surroundings = { logger: silentLogger, counters: createCounters() };
const bus = await openEmbeddedBus({
  dir: path.join(dir, 'bus'),
  log: 'test',
  clock: systemClock,
  random: systemRandom,
  counters: surroundings.counters,
});
mkdirSync(path.join(dir, 'run'), { recursive: true });
const places = { dir: path.join(dir, 'store'), runDir: path.join(dir, 'run') };
const store = await openStore({ ...places, ...surroundings });
const sealer = startSealer({
  bus,
  store,
  places: placesOf(partitionCount),
  ...surroundings,
  limits: { blockRowsMax: 500, gatherMs: 5, stateRows: 1000 },
});
while (!sealer.status().some(({ sealedTo }) => sealedTo > 1n)) await delay(5);
process.send?.('sealing');
