// ClickHouse's HTTP interface over chDB, as far as `@clickhouse/client` uses it.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChdbQueryStream } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { sqlText } from './connection.ts';
import { exceptionTagHeader, exceptionTail } from './exception-tail.ts';

interface Options {
  readonly path: string;
  readonly requestsMax: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly mayWrite: boolean;
}

const statementBytesMax = 1_048_576;
const streamed = /^\s*(?:select|with|explain|show|describe)\b/i;
/** Parameters of the protocol that say nothing to an engine in process. */
const ignored = new Set([
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'enable_http_compression',
]);

/**
 * Answers requests. Each has a chDB connection of its own: settings and parameters stay with a
 * connection, a connection runs one streamed query at a time, and after a query that failed half
 * way the rest of its output comes out of the next one's (chdb 3.4.0, `queryAsync`).
 */
export function chdbFront(options: Options) {
  let underWay = 0;
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (underWay >= options.requestsMax) {
      refuse(response, 'Code: 202. DB::Exception: too many. (TOO_MANY_SIMULTANEOUS_QUERIES)');
      return;
    }
    underWay += 1;
    answer(request, response, options)
      .catch((error: unknown) => refuse(response, messageOf(error)))
      .finally(() => {
        underWay -= 1;
      });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: Options) {
  const { searchParams } = new URL(request.url ?? '/', 'http://chdb');
  const sql = await statementOf(request);
  if (!options.mayWrite) refuseOutfile(sql);
  const connection = createChdbConnection({ path: options.path });
  try {
    const preamble = setStatement(searchParams, options);
    if (preamble !== '') await connection.chdb.queryAsync(preamble);
    const format = searchParams.get('default_format') ?? 'TSV';
    if (streamed.test(sql)) await stream(connection.chdb.queryStream(sql, { format }), response);
    else {
      await connection.chdb.queryAsync(sql);
      response.end();
    }
  } finally {
    await connection.close();
  }
}

async function stream(chunks: ChdbQueryStream, response: ServerResponse) {
  const tag = randomBytes(8).toString('hex');
  try {
    for await (const chunk of chunks) {
      if (!response.headersSent) response.setHeader(exceptionTagHeader, tag);
      if (response.destroyed) break;
      if (!response.write(chunk.raw())) await writable(response);
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    response.end(exceptionTail(tag, messageOf(error)));
  }
}

/** Resolves when the reader has caught up, or is gone. */
async function writable(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

/** The read-only mode comes last: it forbids any further change of settings. */
function setStatement(search: URLSearchParams, { settings, mayWrite }: Options): string {
  const changes = new Map<string, string>();
  for (const [name, value] of Object.entries(settings)) changes.set(name, String(value));
  for (const [name, value] of search) if (!ignored.has(name)) changes.set(name, value);
  if (!mayWrite) {
    changes.delete('readonly');
    changes.set('readonly', '1');
  }
  const set = [...changes].map(([name, value]) => {
    if (!/^\w{1,128}$/.test(name)) throw new Error(unknownSetting(name));
    return `${name} = ${sqlText(value)}`;
  });
  return set.length === 0 ? '' : `SET ${set.join(', ')}`;
}

function unknownSetting(name: string): string {
  return `Code: 115. DB::Exception: ${JSON.stringify(name)} names no setting. (UNKNOWN_SETTING)`;
}

/** chDB writes files even in read-only mode when a query asks it to: `SELECT … INTO OUTFILE`. */
function refuseOutfile(sql: string): void {
  if (/outfile/i.test(sql)) {
    throw new Error(
      "Code: 164. DB::Exception: no query writes files; 'outfile' as text goes in as a parameter. (READONLY)",
    );
  }
}

async function statementOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > statementBytesMax)
      throw new Error(
        `Code: 62. DB::Exception: more than ${statementBytesMax} bytes of SQL. (SYNTAX_ERROR)`,
      );
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function refuse(response: ServerResponse, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = 500;
  response.end(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
