// Where the observations of a feed go: what both ways into the log have in common.
import type { Feed } from '@sandtrail/kit/feed';
import type { Observation } from '@sandtrail/schemas/observation';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Surroundings } from './role.ts';

/** Whom a feed is about, and what it is. */
export interface FeedOpening {
  readonly surroundings: Surroundings;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  readonly feed: Feed;
}

/** Where observations go. */
export interface FeedWriter {
  /** The refusal's code and words, or undefined when the record is on its way. */
  write(observation: Observation): Promise<readonly [code: string, detail: string] | undefined>;
  lost(loss: { readonly lost: bigint; readonly source: string; readonly atNs: bigint }): void;
  close(): Promise<FeedEnd>;
}

/** What is known of records only at the end. */
export interface FeedEnd {
  /** How many wait in a spool. */
  readonly waiting: number;
  /** How many became nothing on their way, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}
