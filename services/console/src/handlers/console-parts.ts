// What the handlers of the console share.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Queries } from '../events/queries.ts';
import type { LiveSource } from '../live/live-feed.ts';
import type { ActRecord } from '../sessions/act-record.ts';
import type { SignIn } from '../sessions/sign-in.ts';
import type { Asking } from './asking.ts';

/** The parts, made once at the start. */
export interface ConsoleParts {
  readonly queries: Queries;
  readonly live: LiveSource;
  readonly asking: Asking;
  readonly acts: ActRecord;
  readonly signIn: SignIn;
  readonly clock: Clock;
}
