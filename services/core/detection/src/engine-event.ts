// What the engine is given, record by record.
import type { Body } from '@sandtrail/schemas/events';
import type { Header } from '@sandtrail/schemas/header';
import type { Policy } from '@sandtrail/schemas/policy';

/** One record, parsed; `policy` stands in for that of `sandbox.created` where none will come. */
export interface EngineEvent {
  readonly header: Header;
  readonly body: Body;
  /** The body's exact text, hashed when a finding rests on it. */
  readonly bodyText: string;
  readonly policy?: Policy;
}
