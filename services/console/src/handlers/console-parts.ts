// What the handlers of the console share.
import type { LogReader } from '@sandtrail/bus/bus';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Queries } from '../events/queries.ts';
import type { Sealing } from '../integrity/integrity-view.ts';
import type { Verifications } from '../integrity/verifications.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SandboxNames } from '../ledger/sandbox-names.ts';
import type { LiveSource } from '../live/live-feed.ts';
import type { ActRecord } from '../sessions/act-record.ts';
import type { SignIn } from '../sessions/sign-in.ts';
import type { Pipeline } from '../views/pipeline-view.ts';
import type { Asking } from './asking.ts';
import type { ContainmentPort } from './containment-port.ts';

/** What is constant of the product, and how far it is sealed. */
export interface ProductState {
  readonly node: string;
  /** The log's name, which is part of every chain's identity. */
  readonly logName: string;
  readonly headFile: string;
  readonly startedAtNs: bigint;
  readonly bus: Pick<LogReader, 'bounds'>;
  readonly sealing: () => readonly Sealing[];
}

/** The parts, made once at the start. */
export interface ConsoleParts {
  readonly queries: Queries;
  readonly live: LiveSource;
  readonly asking: Asking;
  readonly acts: ActRecord;
  readonly signIn: SignIn;
  readonly ledger: Pick<Ledger, 'books'>;
  readonly names: SandboxNames;
  readonly containment: ContainmentPort;
  readonly product: ProductState;
  readonly pipeline: Pipeline;
  readonly verifications: Verifications;
  readonly clock: Clock;
}
