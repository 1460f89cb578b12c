// The live feed of one reader: follows the log at the reader's pace, and counts what it passes by.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { EventRow } from '../contract/event-row.ts';
import type { LiveQuery, LiveReset } from '../contract/live.ts';
import { LiveLosses } from './live-losses.ts';
import { cursorOf, offsetsOf } from './log-cursor.ts';
import type { LogRow, LogRows } from './log-rows.ts';
import { isWanted } from './row-wanted.ts';

/** What every feed is made of. */
export interface LiveSource {
  readonly bus: Pick<LogReader, 'arrival' | 'bounds'>;
  readonly rows: LogRows;
  readonly places: readonly Place[];
  /** The log's short name, which tells its cursors from those of another log. */
  readonly log: () => string;
  readonly clock: Clock;
  readonly counters: Counters;
}

interface FeedOptions {
  readonly query: LiveQuery;
  readonly lastEventId: string | undefined;
  readonly isSignedIn: () => boolean;
  readonly signal: AbortSignal;
}

/** Rows gather for so long: 2,000 a second are 20 messages, not 2,000. */
const gatherMs = 100;
const statusMs = 1000;
/** Read at once from each place, so that a firehose leaves the recorder its processor. */
const readMax = 250;
/** Farther behind than this the oldest are passed by; a resumed feed may catch up so much. */
const behindMax = 20_000n;

/**
 * Messages until the signal aborts or the session ends. A reader that is slow is read for more
 * slowly; beyond the bound the oldest records are passed by and counted as dropped.
 * @throws SandtrailError `REQUEST_MALFORMED` for an id that is none
 */
export async function* liveFeed(source: LiveSource, options: FeedOptions) {
  const { bus, places, clock, log } = source;
  const { query, signal, isSignedIn } = options;
  const bounds = await Promise.all(places.map((place) => bus.bounds(place)));
  const { offsets, reset } = startOf(source, options, bounds);
  if (reset !== undefined) yield { event: 'reset', data: reset } as const;
  const count = { received: 0, passedOver: 0, sent: 0, dropped: 0 };
  const losses = new LiveLosses(clock);
  let statusAtMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const next = await Promise.all(places.map((place) => bus.bounds(place)));
    dropFarBehind({ source, offsets, next, count });
    const taken = await takeRows(source, offsets);
    for (const row of taken) losses.take(row, query.sandbox);
    const rows = taken.filter((each) => isWanted(each, query)).map(({ row }) => row);
    count.received += taken.length;
    count.passedOver += taken.length - rows.length;
    count.sent += rows.length;
    const wanted = rows.filter((row): row is EventRow => row !== undefined);
    const id = cursorOf(log(), offsets);
    if (wanted.length > 0) yield { event: 'rows', data: { rows: wanted }, id } as const;
    if (!isSignedIn()) {
      const detail = 'the session has ended';
      yield { event: 'end', data: { code: 'SESSION_MISSING', detail } } as const;
      return;
    }
    const waiting = offsets.reduce((sum, each, at) => sum + (next[at]?.next ?? each) - each, 0n);
    if (clock.monotonicMs() - statusAtMs >= statusMs) {
      statusAtMs = clock.monotonicMs();
      const behindMs = waiting > 0n ? ageOf(taken, clock) : 0;
      const told = { ...count, received: count.received + Number(waiting) + count.dropped };
      const data = { ...told, ...losses.told(), behindMs, waiting: Number(waiting) };
      yield { event: 'status', data: { ...data, atNs: `${clock.nowNs()}` }, id } as const;
    }
    if (waiting === 0n) await somethingNew(source, offsets, signal);
    await pause(gatherMs, signal);
  }
}

interface Bounds {
  readonly first: bigint;
  readonly next: bigint;
}

/** From now on, or from where the reader was, as far as that is still there and near enough. */
function startOf(source: LiveSource, options: FeedOptions, bounds: readonly Bounds[]) {
  const { places, log } = source;
  const cursor = options.lastEventId ?? options.query.after;
  const now = bounds.map(({ next }) => next);
  const reset = (reason: LiveReset['reason'], missed: bigint | undefined) => ({
    offsets: now,
    reset: { reason, missed: missed === undefined ? null : `${missed}` },
  });
  if (cursor === undefined || cursor === '') return { offsets: now, reset: undefined };
  const offsets = offsetsOf(cursor, { log: log(), places });
  if (offsets === undefined)
    throw new SandtrailError('REQUEST_MALFORMED', { detail: 'the id to resume behind' });
  if (offsets === 'another_log') return reset('another_log', undefined);
  const lags = offsets.map((offset, at) => (now[at] ?? offset) - offset);
  if (lags.some((lag) => lag < 0n)) return reset('another_log', undefined);
  const missed = lags.reduce((sum, lag) => sum + lag, 0n);
  if (offsets.some((offset, at) => offset < (bounds[at]?.first ?? 0n)))
    return reset('not_kept', missed);
  return missed > behindMax
    ? reset('too_far_back', missed)
    : { offsets: [...offsets], reset: undefined };
}

/** Takes what is next of each place, and moves the offsets on. */
async function takeRows({ rows, places }: LiveSource, offsets: bigint[]): Promise<LogRow[]> {
  const taken: LogRow[] = [];
  for (const [at, place] of places.entries()) {
    const read = await rows.read(place, offsets[at] ?? 0n, readMax);
    const last = read.at(-1);
    if (last !== undefined) offsets[at] = last.offset + 1n;
    taken.push(...read);
  }
  return taken.sort((a, b) => a.appendedAtMs - b.appendedAtMs);
}

interface Falling {
  readonly source: LiveSource;
  readonly offsets: bigint[];
  readonly next: readonly Bounds[];
  readonly count: { dropped: number };
}

function dropFarBehind({ source, offsets, next, count }: Falling): void {
  for (const [at, { next: end }] of next.entries()) {
    const offset = offsets[at] ?? end;
    if (end - offset <= behindMax) continue;
    // Half of the bound is left to read, so that this is seldom and the newest come soon.
    const onward = end - behindMax / 2n;
    count.dropped += Number(onward - offset);
    source.counters.add('console.live_dropped', Number(onward - offset));
    offsets[at] = onward;
  }
}

function ageOf(taken: readonly LogRow[], clock: Clock): number {
  const newest = taken.at(-1)?.appendedAtMs;
  const nowMs = Number(clock.nowNs() / 1_000_000n);
  return newest === undefined ? 0 : Math.max(0, Math.round(nowMs - newest));
}

/** Resolves when any place has more, or when it is time for a status. */
async function somethingNew(source: LiveSource, offsets: readonly bigint[], signal: AbortSignal) {
  const waiting = new AbortController();
  const stop = AbortSignal.any([signal, waiting.signal]);
  const arrivals = source.places.map((place, at) =>
    source.bus.arrival(place, offsets[at] ?? 0n, stop),
  );
  await Promise.race([pause(statusMs, stop), ...arrivals]);
  waiting.abort();
}
