// Ships batches to the gateway: HTTP/2 over its Unix socket or over TLS, one connection, made anew when lost.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { SandtrailError } from '@sandtrail/schemas/errors';
import {
  encodeRecordBatch,
  RecordBatchAnswer,
  recordBatchType,
} from '@sandtrail/schemas/record-batch';
import * as z from 'zod';
import type { OutgoingRecord, RefusedRecord, Shipper } from './shipper.ts';

/** Where the gateway is. */
export type GatewayAddress =
  | { readonly socketPath: string }
  /** `ca` pins the authority, in PEM; the machine's own list is used without it. */
  | { readonly url: string; readonly ca?: string };

/** How to reach the gateway, and as whom. */
export interface GatewayClientOptions {
  readonly address: GatewayAddress;
  readonly token: string;
  readonly connectTimeoutMs?: number;
}

const connectTimeoutMsDefault = 5000;
const answerCharsMax = 4_194_304;

/** A client of `POST /v1/records`. `ship` rejects with `GATEWAY_UNREACHABLE` or `GATEWAY_REFUSED`. */
export function createGatewayClient(options: GatewayClientOptions): Shipper {
  return new GatewayClient(options);
}

class GatewayClient implements Shipper {
  readonly #options: GatewayClientOptions;
  #session: ClientHttp2Session | undefined;
  #isClosed = false;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  /** @throws SandtrailError `GATEWAY_UNREACHABLE`, `GATEWAY_REFUSED` */
  async ship(
    records: readonly OutgoingRecord[],
    signal: AbortSignal,
  ): Promise<readonly RefusedRecord[]> {
    const body = encodeRecordBatch(records);
    const { status, text } = await this.#post(body, signal);
    if (status !== 200)
      throw new SandtrailError('GATEWAY_REFUSED', { detail: describe(status, text) });
    const answer = RecordBatchAnswer.safeParse(parseJson(text));
    if (!answer.success)
      throw new SandtrailError('GATEWAY_REFUSED', { detail: 'its answer is not understood' });
    return answer.data.refused;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined || session.destroyed) return;
    await new Promise<void>((resolve) => {
      session.once('close', resolve);
      session.destroy();
    });
  }

  async #post(body: Buffer, signal: AbortSignal) {
    const session = await this.#connected(signal);
    return await new Promise<{ readonly status: number; readonly text: string }>(
      (resolve, reject) => {
        const fail = (cause: unknown) => reject(unreachable(cause));
        const request = session.request({
          [constants.HTTP2_HEADER_METHOD]: 'POST',
          [constants.HTTP2_HEADER_PATH]: '/v1/records',
          [constants.HTTP2_HEADER_CONTENT_TYPE]: recordBatchType,
          [constants.HTTP2_HEADER_CONTENT_LENGTH]: `${body.length}`,
          [constants.HTTP2_HEADER_AUTHORIZATION]: `Bearer ${this.#options.token}`,
        });
        // A connection that lets a batch wait so long is given up: the next batch gets a new one.
        const abort = () => {
          fail('aborted');
          session.destroy();
        };
        signal.addEventListener('abort', abort, { once: true });
        request.once('error', fail);
        request.once('close', () => {
          signal.removeEventListener('abort', abort);
          fail('the stream was closed');
        });
        collectAnswer(request, resolve);
        request.end(body);
        if (signal.aborted) abort();
      },
    );
  }

  async #connected(signal: AbortSignal): Promise<ClientHttp2Session> {
    if (this.#isClosed || signal.aborted) throw unreachable('closed');
    const current = this.#session;
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const session = open(this.#options.address);
    this.#session = session;
    const forget = () => {
      if (this.#session === session) this.#session = undefined;
    };
    session.once('close', forget);
    session.once('goaway', forget);
    // After connecting, failures reach the requests under way; this keeps them from ending the process.
    session.on('error', forget);
    session.unref();
    await established(session, {
      signal,
      ms: this.#options.connectTimeoutMs ?? connectTimeoutMsDefault,
    });
    return session;
  }
}

function open(address: GatewayAddress): ClientHttp2Session {
  if (!('socketPath' in address)) {
    return connect(address.url, address.ca === undefined ? {} : { ca: address.ca });
  }
  const { socketPath } = address;
  return connect('http://gateway', { createConnection: () => connectSocket(socketPath) });
}

interface Wait {
  readonly signal: AbortSignal;
  readonly ms: number;
}

async function established(session: ClientHttp2Session, { signal, ms }: Wait): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (cause: unknown) => {
      session.destroy();
      reject(unreachable(cause));
    };
    const timer = setTimeout(() => end('no connection in time'), ms);
    const abort = () => end('aborted');
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    session.once('connect', () => {
      settle();
      resolve();
    });
    session.once('error', (error) => {
      settle();
      end(error);
    });
    session.once('close', settle);
  });
}

type Settle = (answer: { readonly status: number; readonly text: string }) => void;

function collectAnswer(request: ClientHttp2Stream, resolve: Settle): void {
  let status = 0;
  let text = '';
  request.setEncoding('utf8');
  request.once('response', (headers: IncomingHttpHeaders) => {
    status = Number(headers[':status']);
  });
  request.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > answerCharsMax) request.close(constants.NGHTTP2_CANCEL);
  });
  request.once('end', () => {
    if (status > 0) resolve({ status, text });
  });
}

function unreachable(cause: unknown): SandtrailError {
  const detail = cause instanceof Error ? cause.message : `${cause}`;
  return new SandtrailError('GATEWAY_UNREACHABLE', { detail: detail.slice(0, 200) });
}

const ErrorAnswer = z.object({ error: z.object({ code: z.string().regex(/^[A-Z_]{1,48}$/) }) });

function describe(status: number, text: string): string {
  const code = ErrorAnswer.safeParse(parseJson(text)).data?.error.code;
  return `${status} ${code ?? 'without a code'}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
