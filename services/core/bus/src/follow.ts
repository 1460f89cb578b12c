// Follows one place of the log: pages of records as they come, patiently while the log is away.
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { LogReader, LogRecord, Place } from './bus.ts';

interface FollowOptions {
  readonly reader: LogReader;
  readonly place: Place;
  readonly from: bigint;
  readonly recordsMax: number;
  readonly sizeBytesMax: number;
  readonly signal: AbortSignal;
}

const retryMs = 500;

/**
 * Yields every record from `from` on, in order, page by page; ends when `signal` aborts. A log that
 * does not answer is asked again: who follows it has nothing better to do.
 * @throws SandtrailError as `LogReader.read`, but for `BUS_UNAVAILABLE`
 */
export async function* followLog(options: FollowOptions): AsyncGenerator<readonly LogRecord[]> {
  const { reader, place, signal, recordsMax, sizeBytesMax } = options;
  let { from } = options;
  while (!signal.aborted) {
    await reader.arrival(place, from, signal);
    if (signal.aborted) return;
    const records = await patiently(signal, () =>
      reader.read(place, { from, recordsMax, sizeBytesMax }),
    );
    const last = records?.at(-1);
    if (records === undefined || last === undefined) continue;
    from = last.offset + 1n;
    yield records;
  }
}

/** The answer, asked for until the log gives one; undefined when it is away and `signal` aborts. */
export async function patiently<T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof SandtrailError && error.code === 'BUS_UNAVAILABLE';
      if (!isAway) throw error;
      if (signal.aborted) return undefined;
      await pause(retryMs, signal);
    }
  }
}
