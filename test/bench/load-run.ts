// What both kinds of load have in common.
import type { Layout } from '@sandtrail/local/layout';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { LoadResult } from './load.ts';

/** Where a load goes, and whom it is about. */
export interface LoadAround {
  readonly layout: Layout;
  readonly token: string;
  readonly node: string;
  readonly sandboxes: readonly SandboxUid[];
}

/** A load that is ready. */
export interface Load {
  /** Gives up to so many records; resolves, when more may be given, with how many it took. */
  give(count: number): Promise<number>;
  /** Ends its streams; resolves when everything is acknowledged. */
  finish(): Promise<Omit<LoadResult, 'elapsedMs' | 'cpuMs'>>;
}
