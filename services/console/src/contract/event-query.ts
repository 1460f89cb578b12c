// Asking for events: a filter, a page in either direction, totals that are exact or say their bound.
import {
  Count,
  Incarnation,
  SandboxUid,
  Severity,
  Sha256Hex,
  Trust,
} from '@sandtrail/schemas/scalars';
import { StreamId } from '@sandtrail/schemas/stream';
import * as z from 'zod';
import { EventRow } from './event-row.ts';
import { Family } from './family.ts';
import { Cursor, Digits, listOf, Ns, Tally, whole } from './scalars.ts';

/** A kind such as `network.dns`, or a whole group with its dot: `network.`. */
const KindWanted = z.string().regex(/^[a-z_]{1,32}(?:\.[a-z_]{0,32})?$/);

/** What is wanted; what is absent is not asked for. Values of one list are alternatives. */
export const filterFields = {
  sandbox: SandboxUid.optional(),
  incarnation: z.coerce.number().pipe(Incarnation).optional(),
  families: listOf(Family, 6).optional(),
  kinds: listOf(KindWanted, 32).optional(),
  severities: listOf(Severity, 5).optional(),
  trusts: listOf(Trust, 4).optional(),
  /** Event time, `until` excluded. */
  sinceNs: Ns.optional(),
  untilNs: Ns.optional(),
  /** A part of the body's text, exactly, as the body has it. */
  text: z.string().min(1).max(256).optional(),
  pid: whole({ min: 0, max: 4_194_304 }).optional(),
  /** With `pid`: which process of that number. */
  startNs: Digits.optional(),
  stream: StreamId.optional(),
  seq: Digits.optional(),
};

/** A filter alone, as the live feed takes it (there without times). */
export const EventFilter = z.strictObject(filterFields);
export type EventFilter = z.infer<typeof EventFilter>;

/** Which page: the newest (or the oldest) that match, or what stands before or after a cursor. */
export const pageFields = {
  edge: z.enum(['newest', 'oldest']).default('newest'),
  before: Cursor.optional(),
  after: Cursor.optional(),
  limit: whole({ min: 1, max: 5000 }).default(200),
};

/** `totals=none` spares the count when only the page changes. */
export const EventQuery = z.strictObject({
  ...filterFields,
  ...pageFields,
  totals: z.enum(['exact', 'none']).default('exact'),
});
export type EventQuery = z.infer<typeof EventQuery>;

/** How many match: exactly, or the bound at which counting stopped. */
export const Totals = z.discriminatedUnion('isExact', [
  z.strictObject({
    isExact: z.literal(true),
    rows: Count,
    byFamily: z.partialRecord(Family, Count),
    byKind: Tally,
    bySeverity: z.partialRecord(Severity, Count),
  }),
  z.strictObject({
    isExact: z.literal(false),
    /** At least so many; null when counting ended before it could say. */
    rowsAtLeast: Count.nullable(),
    /** Why it is not exact. */
    bound: z.enum(['time', 'not_asked']),
    boundMs: Count.nullable(),
  }),
]);
export type Totals = z.infer<typeof Totals>;

/** A page, oldest row first. A cursor is null where nothing more stood at the time of asking. */
export const EventPage = z.strictObject({
  rows: z.array(EventRow),
  before: Cursor.nullable(),
  after: Cursor.nullable(),
  totals: Totals,
  /** Rows that could not be read, because their bytes are no longer JSON: `verify` names them. */
  unreadable: Count,
  askedAtNs: Ns,
});
export type EventPage = z.infer<typeof EventPage>;

/** Counts over time, for the strip above a list. */
export const HistogramQuery = z.strictObject({
  ...filterFields,
  buckets: whole({ min: 1, max: 500 }).default(120),
});
export type HistogramQuery = z.infer<typeof HistogramQuery>;

/** Buckets of one width; those without events are left out. */
export const Histogram = z.strictObject({
  fromNs: Ns,
  untilNs: Ns,
  bucketNs: Digits,
  buckets: z.array(
    z.strictObject({
      atNs: Ns,
      byFamily: z.partialRecord(Family, Count),
      findings: z.partialRecord(Severity, Count),
    }),
  ),
});
export type Histogram = z.infer<typeof Histogram>;

/** A finding's name in a path. */
export const FindingPath = z.strictObject({ id: Sha256Hex });
