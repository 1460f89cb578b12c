// The console: its API and its pages over the log, the store and the responder of one product.
import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { every } from '@sandtrail/runtime/supervise';
import type { StoreReader } from '@sandtrail/store/store';
import type { ListenConfig } from './config.ts';
import { Queries } from './events/queries.ts';
import { Asking } from './handlers/asking.ts';
import type { ConsoleParts } from './handlers/console-parts.ts';
import { eventHandlers } from './handlers/event-handlers.ts';
import { sessionHandlers } from './handlers/session-handlers.ts';
import { startApiServer } from './http/api-server.ts';
import { LogRows } from './live/log-rows.ts';
import { ActRecord, type Mask, type RecordConsole } from './sessions/act-record.ts';
import { createSignIn, type SignIn } from './sessions/sign-in.ts';

/** What the console is given. It holds no key and writes nothing but records of what people did. */
export interface ConsoleOptions {
  readonly config: ListenConfig;
  /** Where the built pages lie. */
  readonly pagesDir: string;
  readonly tenant: string;
  readonly node: string;
  readonly store: Pick<StoreReader, 'query'>;
  readonly bus: LogReader;
  readonly places: readonly Place[];
  /** The chain that seals a place, in hexadecimal; undefined before it is known. */
  readonly chainOf: (place: Place) => string | undefined;
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

const sweepMs = 5000;
const logNameChars = 12;

/** Starts it. @throws SandtrailError `LISTEN_REFUSED` */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { config, pagesDir, clock, counters, log, random, tenant, node } = options;
  const acts = new ActRecord(options);
  const failed = (error: unknown) => {
    counters.add('console.acts_unrecorded');
    log.error('the end of a session could not be recorded', { error: `${error}` });
  };
  const signIn = createSignIn({ acts, clock, random, tenant, node, failed });
  const parts: ConsoleParts = {
    ...{ acts, signIn, clock },
    queries: new Queries(options),
    asking: new Asking({ acts, clock }),
    live: { ...options, rows: new LogRows(options), log: () => shortName(options) },
  };
  const handlers = { ...eventHandlers(parts), ...sessionHandlers(parts) };
  const server = await startApiServer({
    ...{ config, pagesDir, handlers, signIn, acts, clock, counters, log },
  });
  const closing = new AbortController();
  const sweeping = every({ ms: sweepMs, signal: closing.signal }, async () => {
    signIn.sessions.endOverdue();
    await acts.tellRest();
  });
  return {
    url: server.url,
    link: (identity) => signIn.link(identity),
    async close() {
      closing.abort();
      await server.close();
      await sweeping;
      await acts.tellRest({ isLast: true });
    },
  };
}

/** A log is told from another one by the chain of its first place. */
function shortName({ places, chainOf }: ConsoleOptions): string {
  const [first] = places;
  return (first === undefined ? '' : (chainOf(first) ?? '')).slice(0, logNameChars);
}
