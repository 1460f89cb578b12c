// The HTTP/2 door of the gateway: who is it, may they, and what becomes of what they sent.
import type { Http2Server, Http2ServerRequest } from 'node:http2';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import {
  decodeRecordBatch,
  recordBatchSizeBytesMax,
  recordBatchType,
} from '@sandtrail/schemas/record-batch';
import {
  SandboxRegistration,
  type SandboxSocketAnswer,
} from '@sandtrail/schemas/sandbox-registration';
import fastify, { type FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { GatewayLimits } from './config.ts';
import type { Credential } from './grant.ts';
import { cataloguedError, errorAnswer, statusOf } from './http-error.ts';
import { type BoundedHttp2Server, createHttp2Server } from './http2-server.ts';
import type { Intake } from './intake.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the door hands requests on to. */
export interface HttpDoorOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly limits: GatewayLimits;
  readonly intake: Intake;
  readonly credentialOf: (token: string) => Credential | undefined;
  readonly openSandbox: (
    sandbox: SandboxRegistration,
    credential: Credential,
  ) => Promise<SandboxSocketAnswer>;
  readonly closeSandbox: (sandbox: SandboxRegistration, credential: Credential) => Promise<void>;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

type DoorRequest = FastifyRequest<Record<never, never>, Http2Server, Http2ServerRequest>;

const registrationSizeBytesMax = 4096;

/** Builds the routes; `listen` and `close` are fastify's own. */
export function createHttpDoor(options: HttpDoorOptions) {
  const { node, limits, intake, counters } = options;
  let http2: BoundedHttp2Server | undefined;
  const app = fastify({
    http2: true,
    bodyLimit: recordBatchSizeBytesMax,
    serverFactory: (listener) => {
      http2 = createHttp2Server({ ...options, listener });
      return http2.server;
    },
  });
  const senders = new Senders(options);
  const bodies = new BodyBudget(limits.bodiesSizeBytesMax);
  app.addHook('preClose', (done) => {
    http2?.endSessions();
    done();
  });
  app.addContentTypeParser(recordBatchType, { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = failureAnswer(error, options);
    // HTTP/2 has no such header (RFC 9113, 8.2.2); fastify sets it when a body is too large.
    reply.removeHeader('connection');
    if (status === 503) reply.header('retry-after', '1');
    reply.code(status).send(body);
  });
  app.setNotFoundHandler((_request, reply) => {
    reply.code(404).send(errorAnswer('REQUEST_INVALID', 'there is no such path'));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    // Before the body is read: strangers make the gateway hold nothing.
    if (request.url !== '/v1/health') senders.identify(request);
    bodies.reserve(request);
    done();
  });

  app.get('/v1/health', () => ({ status: 'ok', node }));

  app.post('/v1/records', async (request, reply) => {
    const credential = senders.of(request);
    if (!Buffer.isBuffer(request.body)) {
      throw new SandtrailError('REQUEST_INVALID', { detail: `content-type ${recordBatchType}` });
    }
    const records = decodeRecordBatch(request.body);
    if (typeof records === 'string') {
      counters.add('gateway.batches_refused', 1, 'BATCH_MALFORMED');
      throw new SandtrailError('BATCH_MALFORMED', { detail: records });
    }
    const waitMs = senders.take(credential, records.length);
    if (waitMs > 0) {
      counters.add('gateway.batches_refused', 1, 'RATE_LIMITED');
      reply.header('retry-after', `${Math.ceil(waitMs / 1000)}`);
      throw new SandtrailError('RATE_LIMITED', { detail: `wait ${waitMs} ms` });
    }
    return intake.take(credential, records);
  });

  app.post('/v1/sandboxes', { bodyLimit: registrationSizeBytesMax }, async (request) => {
    return options.openSandbox(SandboxRegistration.parse(request.body), senders.of(request));
  });

  app.delete('/v1/sandboxes/:uid/:incarnation', async (request) => {
    const sandbox = SandboxPath.parse(request.params);
    await options.closeSandbox(sandbox, senders.of(request));
    return {};
  });
  return app;
}

const SandboxPath = SandboxRegistration.extend({ incarnation: z.coerce.number().pipe(z.int()) });

/** Who sends, and how fast. */
class Senders {
  readonly #options: HttpDoorOptions;
  readonly #credentials = new WeakMap<DoorRequest, Credential>();
  readonly #rates = new WeakMap<Credential, TokenBucket>();

  constructor(options: HttpDoorOptions) {
    this.#options = options;
  }

  /** @throws SandtrailError `TOKEN_UNKNOWN` */
  identify(request: DoorRequest) {
    const token = /^Bearer ([\x21-\x7e]{1,256})$/.exec(request.headers.authorization ?? '')?.[1];
    const credential = token === undefined ? undefined : this.#options.credentialOf(token);
    if (credential !== undefined) {
      this.#credentials.set(request, credential);
      return;
    }
    this.#options.counters.add('gateway.batches_refused', 1, 'TOKEN_UNKNOWN');
    throw new SandtrailError('TOKEN_UNKNOWN', { detail: 'authorization' });
  }

  /** @throws SandtrailError `TOKEN_UNKNOWN` */
  of(request: DoorRequest): Credential {
    const credential = this.#credentials.get(request);
    if (credential === undefined) throw new SandtrailError('TOKEN_UNKNOWN', { detail: 'no token' });
    return credential;
  }

  /** Milliseconds that this sender must wait before it may send `records`; 0 when it may now. */
  take(credential: Credential, records: number): number {
    const { clock, limits } = this.#options;
    const nowMs = clock.monotonicMs();
    const { recordsPerSecond: perSecond, recordsBurst: burst } = limits;
    const rate = this.#rates.get(credential) ?? new TokenBucket({ perSecond, burst, nowMs });
    this.#rates.set(credential, rate);
    return rate.take(records, { nowMs });
  }
}

/** Bytes of request bodies that may be in memory at once. */
class BodyBudget {
  readonly #sizeBytesMax: number;
  #sizeBytes = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** @throws SandtrailError `BUS_FULL` */
  reserve(request: DoorRequest) {
    const stated = Number(request.headers['content-length']);
    const known = Number.isFinite(stated) ? stated : recordBatchSizeBytesMax;
    const sizeBytes = request.method === 'POST' ? Math.min(known, recordBatchSizeBytesMax) : 0;
    if (this.#sizeBytes + sizeBytes > this.#sizeBytesMax) {
      throw new SandtrailError('BUS_FULL', { detail: `${this.#sizeBytes} bytes are being read` });
    }
    this.#sizeBytes += sizeBytes;
    request.raw.stream.once('close', () => {
      this.#sizeBytes -= sizeBytes;
    });
  }
}

function failureAnswer(error: unknown, { log, counters }: HttpDoorOptions) {
  const catalogued = cataloguedError(error);
  if (catalogued === undefined) {
    counters.add('gateway.faults');
    log.error('a request failed for a reason that is not catalogued', {
      error: error instanceof Error ? error.message : 'unknown',
    });
    return { status: 500, body: { error: { code: 'UNEXPECTED', message: 'A fault of ours.' } } };
  }
  const { code, detail } = catalogued;
  return { status: statusOf(code), body: errorAnswer(code, detail) };
}
