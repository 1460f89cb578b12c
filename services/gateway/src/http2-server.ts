// The HTTP/2 server under fastify: bounded sessions, deadlines for requests, windows for batches.
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Counters } from '@sandtrail/runtime/counters';
import type { GatewayLimits } from './config.ts';

/** What answers a request. */
export type RequestListener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

interface Http2ServerOptions {
  readonly listener: RequestListener;
  readonly limits: GatewayLimits;
  readonly counters: Counters;
  /** Certificate chain and key in PEM; without them the server speaks HTTP/2 in the clear. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/** A server and the way to end its connections. */
export interface BoundedHttp2Server {
  readonly server: Http2Server;
  /** Ends every connection: lets answers under way go out, then cuts. */
  endSessions(): void;
}

const mebibyte = 1024 * 1024;
const endGraceMs = 500;

/** Makes the server; nobody listens yet. */
export function createHttp2Server(options: Http2ServerOptions): BoundedHttp2Server {
  const { listener, limits, counters, tls } = options;
  const settings = {
    settings: {
      initialWindowSize: mebibyte,
      maxFrameSize: 256 * 1024,
      maxConcurrentStreams: limits.streamsPerSessionMax,
      maxHeaderListSize: 16 * 1024,
    },
    maxSessionMemory: 32,
  };
  const server: Http2Server =
    tls === undefined
      ? createServer(settings, listener)
      : createSecureServer({ ...settings, ...tls, allowHTTP1: false }, listener);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    if (sessions.size >= limits.sessionsMax) {
      counters.add('gateway.sessions_refused');
      session.destroy();
      return;
    }
    sessions.add(session);
    session.setLocalWindowSize(8 * mebibyte);
    session.setTimeout(limits.sessionIdleMs, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => endInTime(stream, options));
  server.on('sessionError', () => counters.add('gateway.session_errors'));
  return {
    server,
    endSessions() {
      for (const session of sessions) session.close();
      const cut = () => {
        for (const session of sessions) session.destroy();
      };
      setTimeout(cut, endGraceMs).unref();
    },
  };
}

/** Cancels a stream that is not done in time: an idle timeout alone lets a slow drip go on. */
function endInTime(stream: ServerHttp2Stream, { limits, counters }: Http2ServerOptions) {
  const timer = setTimeout(() => {
    counters.add('gateway.requests_cancelled', 1, 'slow');
    stream.close(constants.NGHTTP2_CANCEL);
  }, limits.requestMs);
  stream.once('close', () => clearTimeout(timer));
}
