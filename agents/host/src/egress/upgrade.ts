// A WebSocket upgrade: one request decided like any other, then a flow to the destination it named.
import { request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { openClientFlow } from './client-flow.ts';
import { answerDenialOn } from './denial-answer.ts';
import type { Dialled } from './dial.ts';
import { deny, type EgressCore, elapsedMs } from './egress-core.ts';
import type { Flow } from './flow.ts';
import { headerNames, requestHeaders, responseHeaders } from './forwarded-headers.ts';
import { headerValues, judgePlainRequest, type PlainRequest } from './plain-request.ts';
import { splice } from './splice.ts';

/** Whether a request asks for a WebSocket and nothing else: GET, no body, no other protocol. */
export function wantsWebSocket(request: IncomingMessage): boolean {
  const upgrades = headerValues(request, 'upgrade');
  const bodied = ['content-length', 'transfer-encoding'].some(
    (name) => headerValues(request, name).length > 0,
  );
  const one = upgrades.length === 1 && upgrades[0]?.trim().toLowerCase() === 'websocket';
  return one && request.method === 'GET' && request.httpVersion === '1.1' && !bodied;
}

interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly client: Socket;
  /** Bytes after the request's headers; they wait for the destination's 101. */
  readonly head: Buffer;
}

/** Serves one upgrade from its decision to the end of the connection. */
export async function serveUpgrade(core: EgressCore, upgrade: UpgradeRequest): Promise<void> {
  const { request, client } = upgrade;
  const { lingerMs } = core.limits;
  const plain = judgePlainRequest(core, request);
  if ('reason' in plain) {
    answerDenialOn(client, { denial: plain, lingerMs });
    return;
  }
  const { asked, destination } = plain;
  const reached = await openClientFlow(core, { client, asked, destination });
  if (reached !== undefined) askToUpgrade(core, { ...upgrade, plain, ...reached });
}

interface Asking extends UpgradeRequest {
  readonly plain: PlainRequest;
  readonly flow: Flow;
  readonly dialled: Dialled;
}

function askToUpgrade(core: EgressCore, asking: Asking): void {
  const { request, client, head, plain, flow, dialled } = asking;
  const { host, port } = plain.destination;
  const fail = () => {
    if (flow.ended !== undefined) return;
    const denial = deny(core, { ...plain.asked, host, port, reason: 'upstream' });
    answerDenialOn(client, { denial, lingerMs: core.limits.lingerMs });
    dialled.socket.destroy();
    flow.end('closed');
  };
  const name = host.includes(':') ? `[${host}]` : host;
  const headers = requestHeaders(request, port === 80 ? name : `${name}:${port}`);
  const upstream = httpRequest({
    createConnection: () => dialled.socket,
    method: 'GET',
    path: plain.path,
    headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    maxHeaderSize: core.limits.headSizeBytesMax,
  });
  upstream.on('error', fail);
  upstream.once('upgrade', (answer: IncomingMessage, socket: Socket, first: Buffer) => {
    upstream.off('error', fail);
    recordUpgrade(core, { ...asking, status: 101 });
    client.write(switchingProtocols(answer));
    client.write(first);
    splice({ flow, client, upstream: socket, first: head });
  });
  upstream.once('response', (answer: IncomingMessage) => {
    recordUpgrade(core, { ...asking, status: answer.statusCode ?? 0 });
    answerWithout(answer, asking);
  });
  upstream.end();
}

/** The destination declined: its answer goes to the client and the connection ends. */
function answerWithout(answer: IncomingMessage, { request, client, flow, dialled }: Asking): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(client);
  response.once('finish', () => client.end());
  response.once('close', () => {
    client.destroySoon();
    dialled.socket.destroy();
    flow.end('closed');
  });
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer));
  answer.once('error', () => flow.end('error'));
  answer.pipe(response);
}

function switchingProtocols(answer: IncomingMessage): string {
  const headers = [...responseHeaders(answer), 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  const lines: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2)
    lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function recordUpgrade(core: EgressCore, asking: Asking & { readonly status: number }): void {
  const { plain, flow, request, dialled, status } = asking;
  core.record.exchange({
    method: 'GET',
    host: plain.destination.host,
    port: plain.destination.port,
    path: plain.path,
    status,
    address: dialled.address,
    headerNames: headerNames(request),
    // The connection's bytes stand in its `network.flow`, so that none is counted twice.
    bytesOut: 0,
    bytesIn: 0,
    durationMs: elapsedMs(core, flow.startedMs),
  });
}
