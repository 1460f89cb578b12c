// The console: its API and its pages over the log, the store and the responder of one product.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { VerifierKey } from '@sandtrail/chain/verifier-key';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import { every } from '@sandtrail/runtime/supervise';
import type { StoreReader } from '@sandtrail/store/store';
import type { ListenConfig } from './config.ts';
import { Queries } from './events/queries.ts';
import { alertHandlers } from './handlers/alert-handlers.ts';
import { Asking } from './handlers/asking.ts';
import type { ConsoleParts } from './handlers/console-parts.ts';
import { containmentHandlers } from './handlers/containment-handlers.ts';
import type { ContainmentPort } from './handlers/containment-port.ts';
import { eventHandlers } from './handlers/event-handlers.ts';
import { recordHandlers } from './handlers/record-handlers.ts';
import { sandboxHandlers } from './handlers/sandbox-handlers.ts';
import { sessionHandlers } from './handlers/session-handlers.ts';
import { type ApiServer, startApiServer } from './http/api-server.ts';
import type { Handlers } from './http/handlers.ts';
import type { Sealing } from './integrity/integrity-view.ts';
import { Verifications } from './integrity/verifications.ts';
import { startLedger } from './ledger/ledger.ts';
import { SandboxNames } from './ledger/sandbox-names.ts';
import { LogRows } from './live/log-rows.ts';
import { ActRecord, type Mask, type RecordConsole } from './sessions/act-record.ts';
import { createSignIn, type SignIn } from './sessions/sign-in.ts';
import { Pipeline } from './views/pipeline-view.ts';

/** What the console is given. It holds no key and writes nothing but records of what people did. */
export interface ConsoleOptions {
  readonly config: ListenConfig;
  /** Where the built pages lie. */
  readonly pagesDir: string;
  readonly tenant: string;
  readonly node: string;
  /** The log's name, which is part of every chain's identity. */
  readonly logName: string;
  /** Where the signed heads are kept, outside the data directory. */
  readonly headFile: string;
  /** Keys whose checkpoints are believed. */
  readonly keys: readonly VerifierKey[];
  readonly store: Pick<StoreReader, 'query' | 'rowBatches'>;
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly sealing: () => readonly Sealing[];
  /** What the product's processes measured, as far as they answer. */
  readonly metrics: () => Promise<readonly ProcessMetrics[]>;
  readonly containment: ContainmentPort;
  readonly record: RecordConsole;
  readonly mask: Mask;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
}

/** A console that serves. */
export interface Console extends Pick<SignIn, 'link'> {
  readonly url: string;
  close(): Promise<void>;
}

const sweepMs = 2500;
const logNameChars = 12;

/** Starts it. @throws SandtrailError `LISTEN_REFUSED` */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { clock, places, sealing } = options;
  const chainOf = ({ topic, partition }: Place) =>
    sealing().find(({ place }) => place.topic === topic && place.partition === partition)?.chain;
  const queries = new Queries(options);
  const ledger = startLedger({ ...options, queries, chainOf });
  const acts = new ActRecord(options);
  const signIn = createSignIn({ ...options, acts, failed: unrecorded(options) });
  const [first] = places;
  const log = () => (first === undefined ? '' : (chainOf(first) ?? '')).slice(0, logNameChars);
  const parts: ConsoleParts = {
    ...{ acts, signIn, clock, queries, ledger, containment: options.containment },
    names: new SandboxNames(queries),
    asking: new Asking({ acts, clock }),
    live: { ...options, rows: new LogRows({ ...options, chainOf }), log },
    product: { ...options, startedAtNs: clock.nowNs() },
    pipeline: new Pipeline(options),
    verifications: new Verifications({ ...options, queries, acts }),
  };
  const server = await startApiServer({
    ...{ ...options, handlers: handlersOf(parts), signIn, acts },
  }).catch(async (error: unknown) => {
    await ledger.close();
    throw error;
  });
  return running({ server, parts, closeLedger: () => ledger.close() });
}

function handlersOf(parts: ConsoleParts): Handlers {
  return {
    ...eventHandlers(parts),
    ...sessionHandlers(parts),
    ...sandboxHandlers(parts),
    ...alertHandlers(parts),
    ...containmentHandlers(parts),
    ...recordHandlers(parts),
  };
}

function unrecorded({ counters, log }: ConsoleOptions) {
  return (error: unknown) => {
    counters.add('console.acts_unrecorded');
    log.error('the end of a session could not be recorded', { error: `${error}` });
  };
}

interface RunningParts {
  readonly server: ApiServer;
  readonly parts: ConsoleParts;
  readonly closeLedger: () => Promise<void>;
}

function running({ server, parts, closeLedger }: RunningParts): Console {
  const { signIn, acts, pipeline, verifications } = parts;
  const closing = new AbortController();
  const sweeping = every({ ms: sweepMs, signal: closing.signal }, async () => {
    signIn.sessions.endOverdue();
    await acts.tellRest();
    await pipeline.sample();
  });
  return {
    url: server.url,
    link: (identity) => signIn.link(identity),
    async close() {
      closing.abort();
      await verifications.close();
      await server.close();
      await closeLedger();
      await sweeping;
      await acts.tellRest({ isLast: true });
    },
  };
}
