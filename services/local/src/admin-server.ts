// The admin socket's server: HTTP/1.1 over a Unix socket that only its owner and root may open.
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '@sandtrail/runtime/log';
import { errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';

const requestBytesMax = 16 * 1024 * 1024;
const connectionsMax = 64;

/** What a route answers: one JSON value, or lines that are sent as they come. */
export type Answer = { readonly json: unknown } | { readonly lines: AsyncIterable<string> };

/** One route: `METHOD /path`, given the query's fields (GET) or the parsed body (POST). */
export type Routes = Readonly<
  Record<string, (input: unknown, signal: AbortSignal) => Promise<Answer>>
>;

interface ServerOptions {
  readonly socket: string;
  readonly routes: Routes;
  readonly log: Logger;
  /** Of the socket file; only its owner may open it unless told. */
  readonly mode?: number;
}

/**
 * Serves `routes` until closed; a leftover socket file of a dead process is replaced.
 * @throws SandtrailError `LISTEN_REFUSED` when the socket's place is taken by something else
 */
export async function startAdminServer({ socket, routes, log, mode = 0o600 }: ServerOptions) {
  const live = new AbortController();
  const server = createServer((request, response) => {
    answer(request, response, routes, live.signal).catch((error: unknown) => {
      // Neither the words that were asked nor what was said of them: they may hold a secret.
      const [path = ''] = (request.url ?? '').split('?');
      const code = error instanceof SandtrailError ? error.code : 'other';
      log.warn('admin request failed', { path: path.slice(0, 64), code });
      refuse(response, error);
    });
  });
  server.maxConnections = connectionsMax;
  try {
    rmSync(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, resolve);
    });
  } catch (cause) {
    throw new SandtrailError('LISTEN_REFUSED', { detail: socket, cause });
  }
  chmodSync(socket, mode);
  return {
    async close() {
      live.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  live: AbortSignal,
) {
  const url = new URL(request.url ?? '/', 'http://admin');
  const route = routes[`${request.method} ${url.pathname}`];
  if (route === undefined) {
    throw new SandtrailError('USAGE', { detail: `no route ${request.method} ${url.pathname}` });
  }
  const input =
    request.method === 'GET' ? Object.fromEntries(url.searchParams) : await body(request);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const result = await route(input, AbortSignal.any([live, gone.signal]));
  if ('json' in result) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(result.json, bigintsAsText));
    return;
  }
  await sendLines(response, result.lines, gone.signal);
}

/** What fails before its first line is told as a fault; what fails later ends the connection. */
async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<string>,
  gone: AbortSignal,
) {
  const iterator = lines[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (; next.done !== true && !gone.aborted; next = await iterator.next()) {
      if (!response.write(`${next.value}\n`)) await drained(response, gone);
    }
    response.end();
  } finally {
    await iterator.return?.();
  }
}

async function body(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > requestBytesMax) {
      throw new SandtrailError('USAGE', {
        detail: `a request has at most ${requestBytesMax} bytes`,
      });
    }
    chunks.push(bytes);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    gone.addEventListener('abort', () => resolve(), { once: true });
  });
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const fault = asFault(error);
  response.writeHead(fault.code === 'INTERNAL' ? 500 : 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: fault }));
}

function asFault(error: unknown) {
  if (error instanceof SandtrailError) {
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error.message;
    const { remedy } = errorCatalogue.USAGE;
    return { code: 'USAGE', message: `The request is not understood. (${detail})`, remedy };
  }
  const { message, remedy } = errorCatalogue.INTERNAL;
  return { code: 'INTERNAL', message, remedy };
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
