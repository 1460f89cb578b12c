// Where Sandtrail keeps its data when nobody says otherwise.
import path from 'node:path';

interface User {
  readonly uid: number;
  /** SANDTRAIL_DATA, where set. */
  readonly chosen: string | undefined;
  /** XDG_STATE_HOME, where set. */
  readonly stateHome: string | undefined;
}

/** `/var/lib/sandtrail` for root; for others a directory of their own that needs no home. */
export function defaultDataDirectory({ uid, chosen, stateHome }: User): string {
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  if (uid === 0) return '/var/lib/sandtrail';
  if (stateHome !== undefined && stateHome !== '') return path.join(stateHome, 'sandtrail');
  return `/var/tmp/sandtrail-${uid}`;
}
