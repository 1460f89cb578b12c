// ClickHouse's HTTP interface over chDB on a TCP port, for tests: no ClickHouse server can be had here.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { chdbConfig, statementSettings } from '@sandtrail/store/chdb-config';
import { ChdbProcess } from '@sandtrail/store/chdb-process';
import { sqlText } from '@sandtrail/store/connection';

/** The logins that the front knows: as the grants of `deploy/clickhouse/roles.sql` are meant. */
export const frontLogins = {
  writer: { user: 'sandtrail_writer', password: 'writer-of-a-test' },
  reader: { user: 'sandtrail_reader', password: 'reader-of-a-test' },
} as const;

const requestsMax = 24;
const megabyte = 1024 * 1024;

/** A front on a free port; it may be stopped and started again on the same port and data. */
export class ClickHouseFront {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'st-ch-'));
  #engine: ChdbProcess | undefined;
  #server: Server | undefined;
  #port = 0;

  /** Starts a front on an engine of its own. */
  static async start(): Promise<ClickHouseFront> {
    const front = new ClickHouseFront();
    await front.start();
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The settings of `store:` for a product: logins with their password files. */
  get settings() {
    const { writer, reader } = frontLogins;
    return { url: this.url, login: this.#login(writer), reader: this.#login(reader) };
  }

  async start(): Promise<void> {
    const at = (name: string) => path.join(this.folder, name);
    // The product's processes are users of their own, and read their passwords here.
    chmodSync(this.folder, 0o755);
    mkdirSync(at('engine'), { recursive: true });
    const limits = { memoryBytesMax: 800 * megabyte, markCacheBytesMax: 16 * megabyte };
    writeFileSync(at('chdb.xml'), chdbConfig(limits));
    this.#engine = await ChdbProcess.start({
      start: {
        ...{ path: at('engine'), configPath: at('chdb.xml'), requestsMax },
        ...{ writeSocket: at('write.sock'), readSocket: at('read.sock') },
        settings: statementSettings,
      },
      account: undefined,
      logger: silentLogger,
      counters: createCounters(),
    });
    this.#server = createServer({ maxHeaderSize: megabyte }, (asked, answer) => {
      this.#answer(asked, answer).catch((error: unknown) => answer.destroy(new Error(`${error}`)));
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** As a server that is stopped or lost: connections are cut. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
    await this.#engine?.close();
    this.#engine = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #login({ user, password }: { readonly user: string; readonly password: string }) {
    const passwordFile = path.join(this.folder, user);
    writeFileSync(passwordFile, `${password}\n`);
    return { user, passwordFile };
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bytesOf(asked);
    const login = loginOf(asked.headers.authorization ?? '');
    if (login === undefined) {
      answer.writeHead(403).end('Code: 516. DB::Exception: wrong login. (AUTHENTICATION_FAILED)');
      return;
    }
    const url = new URL(asked.url ?? '/', 'http://front');
    const sql = url.searchParams.get('query');
    url.searchParams.delete('query');
    const file = path.join(this.folder, `${randomBytes(8).toString('hex')}.rows`);
    const statement = sql === null ? body : Buffer.from(this.#insertOf(sql, file));
    if (sql !== null) writeFileSync(file, body);
    const socketPath = path.join(this.folder, login === 'writer' ? 'write.sock' : 'read.sock');
    const options = { socketPath, path: `/${url.search}`, method: 'POST' };
    try {
      await carry(options, statement, answer);
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** A server reads rows from the request's body; chDB reads them from a file. */
  #insertOf(sql: string, file: string): string {
    return sql
      .replace(/\binput\(/, `file(${sqlText(file)}, 'RowBinary', `)
      .replace(/\s+FORMAT RowBinary\s*$/, '');
  }
}

async function carry(
  options: RequestOptions,
  statement: Buffer,
  answer: ServerResponse,
): Promise<void> {
  const forwarded = request(options);
  forwarded.end(statement);
  const [response]: IncomingMessage[] = await once(forwarded, 'response');
  if (response === undefined) throw new Error('the engine gave no answer');
  const { statusCode = 500, headers } = response;
  answer.writeHead(statusCode, {
    ...headers,
    // A server says so beside the text, and the client reads it from there.
    ...(statusCode === 200 ? {} : { 'x-clickhouse-exception-code': '1' }),
  });
  response.pipe(answer);
  await once(answer, 'close');
}

async function bytesOf(asked: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function loginOf(header: string): keyof typeof frontLogins | undefined {
  const given = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString();
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const known = (name: keyof typeof frontLogins) => {
    const { user, password } = frontLogins[name];
    return timingSafeEqual(digest(given), digest(`${user}:${password}`)) ? name : undefined;
  };
  return known('writer') ?? known('reader');
}
