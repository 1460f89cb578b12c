// The console's HTTP server: every guard in one place, then the routes of the contract.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { ListenConfig } from '../config.ts';
import { openApi } from '../contract/open-api.ts';
import { problemType } from '../contract/problem.ts';
import { apiPrefix } from '../contract/route.ts';
import type { ActRecord } from '../sessions/act-record.ts';
import type { SignIn } from '../sessions/sign-in.ts';
import { addApiRoutes } from './api-routes.ts';
import type { Handlers } from './handlers.ts';
import { checkOrigin, ownHosts } from './own-origin.ts';
import { addPages } from './pages.ts';
import { problemOf } from './problem-of.ts';
import { Rate } from './rate.ts';
import { securityHeaders, strictTransport } from './security-headers.ts';

/** What the server is made of. */
export interface ApiServerOptions {
  readonly config: ListenConfig;
  /** Where the built pages lie. */
  readonly pagesDir: string;
  readonly handlers: Handlers;
  readonly signIn: SignIn;
  readonly acts: ActRecord;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** A server that listens. */
export interface ApiServer {
  readonly app: FastifyInstance;
  /** Where a browser opens it, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const bodyBytesMax = 64 * 1024;
const connectionsMax = 256;
const requestMsMax = 10_000;
const requestsPerSecond = 50;
const requestsBurst = 200;
const askersMax = 256;

/** @throws SandtrailError `LISTEN_REFUSED` */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { config } = options;
  const app = createApp(config);
  const closing = new AbortController();
  let hosts: ReadonlySet<string> = new Set();
  addGuards(app, options, () => hosts);
  app.get('/api/openapi.json', (_request, reply) => reply.type('application/json').send(document));
  addApiRoutes(app, { ...options, signal: closing.signal, port: () => portOf(app) });
  addPages(app, options.pagesDir);
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (cause) {
    const detail = `console: ${config.host}:${config.port}`;
    throw new SandtrailError('LISTEN_REFUSED', { detail, cause });
  }
  const port = portOf(app);
  hosts = ownHosts(config, port);
  const [own = ''] = hosts;
  const scheme = config.tls === undefined ? 'http' : 'https';
  return {
    app,
    url: `${scheme}://${own}`,
    port,
    async close() {
      closing.abort();
      await app.close();
    },
  };
}

const document = openApi();

function createApp({ tls }: ListenConfig): FastifyInstance {
  const bounds = {
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    connectionTimeout: 0,
    forceCloseConnections: true,
    logger: false,
    trustProxy: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: false },
  } as const;
  if (tls === undefined) return withBounds(fastify(bounds));
  const keys = { cert: readPem(tls.certFile), key: readPem(tls.keyFile), minVersion } as const;
  return withBounds(fastify({ ...bounds, serverFactory: (serve) => createServer(keys, serve) }));
}

const minVersion = 'TLSv1.2';

function withBounds(app: FastifyInstance): FastifyInstance {
  app.server.maxConnections = connectionsMax;
  app.server.requestTimeout = requestMsMax;
  return app;
}

function readPem(file: string): Buffer {
  if (existsSync(file)) return readFileSync(file);
  throw new SandtrailError('LISTEN_REFUSED', { detail: `console: there is no ${file}` });
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Headers first, so that refusals carry them too; then who asks, and how often. */
function addGuards(
  app: FastifyInstance,
  { config, clock, counters, log }: ApiServerOptions,
  hosts: () => ReadonlySet<string>,
): void {
  const rate = new Rate({ perSecond: requestsPerSecond, burst: requestsBurst, askersMax });
  const scheme = config.tls === undefined ? 'http' : 'https';
  const headers = { ...securityHeaders, ...(config.tls === undefined ? {} : strictTransport) };
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(headers);
    counters.add('console.requests');
    checkOrigin(request, { hosts: hosts(), scheme });
    if (request.url.startsWith(apiPrefix)) rate.take(request.ip, clock.monotonicMs());
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    counters.add('console.problems', 1, problem.code);
    if (problem.status === 500) {
      const route = request.routeOptions.url ?? 'none';
      log.error('a request failed', { route, error: errorText(error) });
    }
    return reply.code(problem.status).type(problemType).send(JSON.stringify(problem));
  });
}

/** The kind and place of a fault; its message may quote what somebody typed. */
function errorText(error: unknown): string {
  if (error instanceof SandtrailError) return `${error.code} ${error.detail}`.slice(0, 1024);
  return error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 4).join(' ') : 'unknown';
}
