// Opens the store on a ClickHouse server: the same statements over HTTP, blocks as RowBinary.
import { Readable } from 'node:stream';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type RowBinaryInsert, type StoreConnection, sqlText } from './connection.ts';
import { type HttpStatements, httpStatements } from './connection-http.ts';
import { migrate } from './migrations.ts';
import type { OpenedStore } from './open-store.ts';
import { storeReader } from './store-reader.ts';
import { checkStoreSecrecy, readTargetOf, type ServedStore } from './store-target.ts';
import { storeOver } from './store-writer.ts';

interface ServedOptions {
  readonly server: ServedStore;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Called again and again while the server does not answer at the start. */
  readonly waiting?: (detail: string) => void;
  /** Gives up waiting for it. */
  readonly signal?: AbortSignal;
}

const limits = { requestsMax: 24, requestTimeoutMs: 120_000, ready: () => Promise.resolve() };
const retryMs = 1000;
const never = new AbortController().signal;

/** An insert is acknowledged when it is on the disk, and is one part: written whole or not at all. */
const insertSettings = {
  async_insert: 0,
  wait_end_of_query: 1,
  max_insert_block_size: 1_048_576,
  min_insert_block_size_rows: 1_048_576,
  min_insert_block_size_bytes: 268_435_456,
};

/**
 * Opens the store on a server. One that does not answer is waited for.
 * @throws SandtrailError `CONFIG_INVALID`, `DATA_DIR_VERSION`, `STORE_QUERY_REFUSED` for a login
 * without the rights, `STORE_FAILED`, and `STORE_UNAVAILABLE` once `signal` aborts
 */
export async function openServedStore(options: ServedOptions): Promise<OpenedStore> {
  const { server, counters } = options;
  checkStoreSecrecy(server);
  const { reader: _reader, ...writer } = server;
  const readTarget = readTargetOf(server);
  const writes = httpStatements({ target: writer, ...limits });
  const reads = httpStatements({ target: readTarget, ...limits });
  const close = async () => {
    await Promise.all([writes.close(), reads.close()]);
  };
  try {
    const connection = servedConnection(writes);
    await whenItAnswers(options, () => migrate(connection));
    const store = storeOver({ connection, reader: storeReader({ connection: reads, counters }) });
    return { ...store, close, readTarget, enginePid: () => undefined };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A connection to a server: rows travel in the body of the request, after the statement. */
function servedConnection(statements: HttpStatements): StoreConnection {
  return {
    command: (statement) => statements.command(statement),
    read: (statement) => statements.read(statement),
    insert({ sql, structure, rows }: RowBinaryInsert) {
      const text = `${sql(`input(${sqlText(structure)})`)}\nFORMAT RowBinary`;
      return statements.send({ sql: text, settings: insertSettings }, Readable.from([rows]));
    },
    close: () => statements.close(),
  };
}

async function whenItAnswers(options: ServedOptions, work: () => Promise<void>): Promise<void> {
  const { logger, counters, waiting, signal = never } = options;
  for (let isFirst = true; ; isFirst = false) {
    try {
      await work();
      return;
    } catch (error) {
      const isAway = error instanceof SandtrailError && error.code === 'STORE_UNAVAILABLE';
      if (!isAway || signal.aborted) throw error;
      const { detail } = error;
      counters.add('store.waits');
      if (isFirst) logger.warn('the store does not answer; the start waits for it', { detail });
      waiting?.(detail);
      await pause(retryMs, signal);
    }
  }
}
