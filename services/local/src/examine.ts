// The doctor's visit, with the surroundings of a command: the host's checks, the store's engine,
// container engines and destinations.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Diagnosis, diagnose } from '@sandtrail/host/doctor';
import { type Check, missing, reasonOf, works } from '@sandtrail/host/doctor/check';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { openStore } from '@sandtrail/store/open-store';
import { checkDestinations } from './check-destinations.ts';
import { checkEngines } from './check-engines.ts';

/** Examines this machine for a data directory at `data`; takes some seconds, never rejects. */
export async function examine(data: string): Promise<Diagnosis> {
  const diagnosis = await diagnose({
    clock: systemClock,
    counters: createCounters(),
    logger: silentLogger,
    isRoot: process.getuid?.() === 0,
    dataDirectory: data,
    cgroupName: `sandtrail-doctor-${process.pid}`,
  });
  const own = [
    await checkStore(),
    ...(await checkEngines(data)),
    ...(await checkDestinations(data)),
  ];
  return { ...diagnosis, checks: [...diagnosis.checks, ...own] };
}

/** Opens the embedded engine on an empty directory and asks it a question. */
async function checkStore(): Promise<Check> {
  const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-doctor-'));
  try {
    const store = await openStore({ dir, logger: silentLogger, counters: createCounters() });
    try {
      let answer = '';
      for await (const line of store.query('SELECT version() AS version')) answer += line;
      const { version }: { version?: string } = JSON.parse(answer);
      return works('store', `chDB, ClickHouse ${version}`);
    } finally {
      await store.close();
    }
  } catch (error) {
    const remedy = 'npm install --no-audit --no-fund';
    return missing('store', { why: reasonOf(error), remedy, blind: ['nothing can be stored'] });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
