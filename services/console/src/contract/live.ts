// The live feed: server-sent events as records enter the log, with honest lag and loss.
import { Count, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { filterFields } from './event-query.ts';
import { EventRow } from './event-row.ts';
import { Cursor, Digits, Ns } from './scalars.ts';

const { sinceNs: _since, untilNs: _until, seq: _seq, ...liveFilter } = filterFields;

/**
 * What to follow. `after` resumes behind an event id, as the header `Last-Event-ID` does, which a
 * new EventSource cannot send; the header wins.
 */
export const LiveQuery = z.strictObject({ ...liveFilter, after: Cursor.optional() });
export type LiveQuery = z.infer<typeof LiveQuery>;

/** `event: rows`; its SSE id is the place in the log up to which everything was told. */
export const LiveRows = z.strictObject({ rows: z.array(EventRow).max(500) });
export type LiveRows = z.infer<typeof LiveRows>;

/**
 * `event: status`, once a second. Since this connection began (or was resumed):
 * `received = passed over + sent + dropped + waiting`.
 */
export const LiveStatus = z.strictObject({
  atNs: Ns,
  /** How long the oldest record that was not told yet has been in the log; 0 when all is told. */
  behindMs: Count,
  received: Count,
  /** Did not match the filter. */
  passedOver: Count,
  sent: Count,
  /** The oldest that waited for this client and had to go, because it is too slow. */
  dropped: Count,
  waiting: Count,
  /** Records that collectors say they lost in what was followed here (all, or the sandbox's). */
  lost: Digits,
  /** Losses of unknown size. */
  lostUnknown: Count,
  /** When the last heartbeat of any collector was taken; null when none was seen yet. */
  heartbeatAtNs: Ns.nullable(),
  /** Collectors with a heartbeat in the last minute. */
  collectors: Count,
});
export type LiveStatus = z.infer<typeof LiveStatus>;

/** `event: reset`: the feed cannot go on from that id; `missed` records were passed by. */
export const LiveReset = z.strictObject({
  reason: z.enum(['not_kept', 'too_far_back', 'another_log']),
  missed: Digits.nullable(),
});
export type LiveReset = z.infer<typeof LiveReset>;

/** `event: end`: the server closes the feed; with the code of a problem. */
export const LiveEnd = z.strictObject({ code: text(64), detail: text(512) });
export type LiveEnd = z.infer<typeof LiveEnd>;

/** Every message of the feed by its SSE event name. */
export const liveMessages = {
  rows: LiveRows,
  status: LiveStatus,
  reset: LiveReset,
  end: LiveEnd,
} as const;
