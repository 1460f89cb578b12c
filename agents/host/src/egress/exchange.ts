// One plain HTTP request through the proxy: admitted, forwarded on a connection of its own, recorded.
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { answerDenial } from './denial-answer.ts';
import type { Dialled } from './dial.ts';
import { deny, type EgressCore, elapsedMs, reach } from './egress-core.ts';
import type { Flow } from './flow.ts';
import { headerNames, requestHeaders, responseHeaders } from './forwarded-headers.ts';
import { judgePlainRequest, type PlainRequest } from './plain-request.ts';
import { countBytes } from './splice.ts';

interface ExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

/** Serves one request; every request of a kept connection is decided anew. */
export async function serveExchange(core: EgressCore, options: ExchangeOptions): Promise<void> {
  const { request, response, expectsContinue } = options;
  const plain = judgePlainRequest(core, request);
  if ('reason' in plain) {
    answerDenial(response, plain);
    return;
  }
  let under: Under | undefined;
  const flow = core.flows.open(() => {
    if (under !== undefined) recordExchange(core, under);
  });
  flow.hold(request.socket);
  response.once('close', () => flow.end(response.writableFinished ? 'closed' : 'error'));
  const reached = await reach(core, { asked: plain.asked, destination: plain.destination, flow });
  if ('reason' in reached) {
    answerDenial(response, reached);
    return;
  }
  under = { flow, plain, request, response, dialled: reached };
  countBytes(flow, reached);
  if (expectsContinue) response.writeContinue();
  forward(core, under);
}

interface Under {
  readonly flow: Flow;
  readonly plain: PlainRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly dialled: Dialled;
}

function forward(core: EgressCore, under: Under): void {
  const { flow, plain, request, response, dialled } = under;
  const { host, port } = plain.destination;
  const fail = () => {
    dialled.socket.destroy();
    if (flow.ended !== undefined) return;
    answerDenial(response, deny(core, { ...plain.asked, host, port, reason: 'upstream' }));
  };
  const upstream = httpRequest({
    createConnection: () => dialled.socket,
    method: request.method,
    path: plain.path,
    headers: [...requestHeaders(request, hostHeader(plain)), 'Connection', 'close'],
    maxHeaderSize: core.limits.headSizeBytesMax,
  });
  upstream.on('error', fail);
  upstream.once('response', (answer: IncomingMessage) => {
    if (response.destroyed) return;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer));
    pipeline(answer, response, (error) => {
      if (error !== undefined && error !== null) flow.end('error');
    });
  });
  response.once('close', () => dialled.socket.destroy());
  request.pipe(upstream);
}

function hostHeader({ destination: { host, port } }: PlainRequest): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}

function recordExchange(core: EgressCore, { flow, plain, request, response, dialled }: Under) {
  const { socket, address } = dialled;
  core.record.exchange({
    method: plain.asked.method ?? '',
    host: plain.destination.host,
    port: plain.destination.port,
    path: plain.path,
    ...(response.headersSent ? { status: response.statusCode } : {}),
    address,
    headerNames: headerNames(request),
    bytesOut: socket.bytesWritten,
    bytesIn: socket.bytesRead,
    durationMs: elapsedMs(core, flow.startedMs),
  });
}
