// Statements over ClickHouse's HTTP interface: to a server's URL, or to chDB's process by its socket.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { finished, type Readable } from 'node:stream';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  createClient,
  parseError,
} from '@clickhouse/client';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Statement } from './connection.ts';
import { connectionFailure } from './connection-failure.ts';
import { exceptionTagHeader, withoutExceptionTail } from './exception-tail.ts';
import type { ServerTarget, StoreTarget } from './store-target.ts';

/** Where to send statements, and how many at once. */
export interface HttpOptions {
  /** A server, or chDB's Unix socket. A bare URL may have user and password in it. */
  readonly target: StoreTarget | { readonly url: string };
  /** More than this at once wait; more than ten times this are refused as `STORE_BUSY`. */
  readonly requestsMax: number;
  readonly requestTimeoutMs: number;
  /** Resolves when the engine can be asked; rejects when it will not come back. */
  readonly ready: () => Promise<void>;
}

/** Commands and reads; a driver adds how it inserts rows. */
export interface HttpStatements {
  command(statement: Statement): Promise<void>;
  read(statement: Statement): AsyncGenerator<Buffer>;
  /** Runs `INSERT … FORMAT RowBinary` with `body` as the rows. */
  send(statement: Statement, body: Readable): Promise<void>;
  close(): Promise<void>;
}

const waitingFactor = 10;

/** A client for the target; nothing is sent yet. */
export function httpStatements(options: HttpOptions): HttpStatements {
  const client = createHttpClient(options);
  const waitingMax = options.requestsMax * waitingFactor;
  let underWay = 0;
  const enter = () => {
    if (underWay >= waitingMax) {
      throw new SandtrailError('STORE_BUSY', { detail: `${underWay} requests under way` });
    }
    underWay += 1;
  };
  const once = async (statement: Statement, body?: Readable) => {
    enter();
    try {
      await options.ready();
      if (body === undefined) await client.command(request(statement));
      else await client.exec({ ...request(statement), values: body }).then(drain);
    } catch (error) {
      throw connectionFailure(error);
    } finally {
      underWay -= 1;
    }
  };
  return {
    command: (statement) => once(statement),
    send: (statement, body) => once(statement, body),
    async *read(statement) {
      enter();
      try {
        await options.ready();
        yield* resultOf(client, statement);
      } catch (error) {
        throw connectionFailure(error);
      } finally {
        underWay -= 1;
      }
    },
    close: () => client.close(),
  };
}

async function* resultOf(client: ClickHouseClient, statement: Statement): AsyncGenerator<Buffer> {
  const { stream, response_headers: headers } = await client.exec(request(statement));
  const tag = headers[exceptionTagHeader];
  try {
    yield* withoutExceptionTail(stream, Array.isArray(tag) ? tag[0] : tag);
  } catch (error) {
    const isOurs = error instanceof Error && /^Code: \d+/.test(error.message);
    throw isOurs ? parseError(error) : error;
  } finally {
    stream.destroy();
  }
}

async function drain({ stream }: { readonly stream: Readable }): Promise<void> {
  stream.resume();
  await new Promise<void>((resolve, reject) => {
    finished(stream, (error) => (error ? reject(error) : resolve()));
  });
}

function request({ sql, params, settings, signal }: Statement) {
  return {
    query: sql,
    ...(params === undefined ? {} : { query_params: params }),
    ...(settings === undefined ? {} : { clickhouse_settings: settings }),
    ...(signal === undefined ? {} : { abort_signal: signal }),
  };
}

function createHttpClient({ target, requestsMax, requestTimeoutMs }: HttpOptions) {
  const agent = { keepAlive: true, maxSockets: requestsMax };
  return createClient({
    request_timeout: requestTimeoutMs,
    max_open_connections: requestsMax,
    log: { level: ClickHouseLogLevel.OFF },
    ...('url' in target
      ? serverOptions(target)
      : { url: 'http://chdb', http_agent: new SocketAgent(target.socketPath, agent) }),
  });
}

/** The server's own settings are its operator's; this one changes what answers look like. */
const serverSettings = { output_format_json_quote_64bit_integers: 1 } as const;

function serverOptions(target: ServerTarget | { readonly url: string }) {
  const { login, ca } = 'login' in target || 'ca' in target ? target : {};
  return {
    url: target.url,
    clickhouse_settings: serverSettings,
    ...(login === undefined
      ? {}
      : { username: login.user, password: secretOf(login.passwordFile) }),
    ...(ca === undefined ? {} : { tls: { ca_cert: fileOf(ca) } }),
  };
}

function secretOf(path: string): string {
  return fileOf(path)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** @throws SandtrailError `CONFIG_INVALID` */
function fileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SandtrailError('CONFIG_INVALID', { detail: `store: ${path} cannot be read`, cause });
  }
}

/** Sends whatever is asked for to one Unix socket. */
class SocketAgent extends Agent {
  readonly #socketPath: string;

  constructor(socketPath: string, options: ConstructorParameters<typeof Agent>[0]) {
    super(options);
    this.#socketPath = socketPath;
  }

  override createConnection() {
    return connect(this.#socketPath);
  }
}
