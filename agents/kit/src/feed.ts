// A feed: another product's lines, read into observations. It knows neither bus nor retries.
import type { Observation } from '@sandtrail/schemas/observation';

/** Why a part of a line became no record. */
export type FeedRefusal = 'malformed' | 'unsupported' | 'no_event';

/**
 * What one entry of a line is: something observed (one event may be several records), what the
 * source says it lost, or why it is of no use. A line may hold many, and a bad one spoils no other.
 */
export type FeedEntry =
  | { readonly observations: readonly Observation[] }
  | { readonly lost: bigint; readonly source: string; readonly atNs: bigint }
  | { readonly refused: FeedRefusal; readonly detail: string };

/** One source: one file, one line in the list beside its folder. */
export interface Feed {
  readonly name: string;
  /** What this source does not tell, for `collector.started`. */
  readonly blindSpots: readonly string[];
  /** Reads one line; it never throws, whatever the line holds. `nowNs` is for what has no time. */
  read(line: string, nowNs: bigint): readonly FeedEntry[];
}

/** The value of a line of JSON, or the refusal of it. */
export function jsonOfLine(
  line: string,
): { readonly value: unknown } | { readonly bad: FeedEntry } {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { bad: refusal('malformed', 'it is no JSON') };
  }
}

/** An entry that says why it is none. */
export function refusal(refused: FeedRefusal, detail: string): FeedEntry {
  return { refused, detail: detail.slice(0, 200).toWellFormed() };
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970 of an RFC 3339 time; JavaScript's own dates stop at milliseconds. */
export function rfc3339Ns(text: string): bigint | undefined {
  const [, whole = '', fraction = '', zone = ''] = rfc3339.exec(text) ?? [];
  const ms = Date.parse(`${whole}${zone}`);
  if (Number.isNaN(ms) || ms < 0) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
