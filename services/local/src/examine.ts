// The doctor's visit, with the surroundings of a command.
import { diagnose } from '@sandtrail/host/doctor';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';

/** Examines this machine for a data directory at `data`; takes some seconds, never rejects. */
export function examine(data: string) {
  return diagnose({
    clock: systemClock,
    counters: createCounters(),
    logger: silentLogger,
    isRoot: process.getuid?.() === 0,
    dataDirectory: data,
    cgroupName: `sandtrail-doctor-${process.pid}`,
  });
}
