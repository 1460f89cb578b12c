// The HTTP server in front of a sandbox's proxy: Node's strict parser, and one act at a time.
import { strict as assert } from 'node:assert';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerDenialOn } from './denial-answer.ts';
import { deny, type EgressCore } from './egress-core.ts';
import { serveExchange } from './exchange.ts';
import { openTunnel } from './tunnel.ts';
import { serveUpgrade, wantsWebSocket } from './upgrade.ts';

/** Makes the server, not yet listening; `clients` holds its open connections. */
export function createProxyServer(core: EgressCore, clients: Set<Socket>): Server {
  const server = createServer(serverOptions(core));
  const { counters, limits } = core;
  // Bounded by the size of the head; a bound on their number would drop the rest silently.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connectionsMax;
  server.on('drop', () => {
    deny(core, { protocol: 'tcp', destination: 'connection', reason: 'limit' });
  });
  server.on('connection', (client) => {
    counters.add('egress.connections');
    clients.add(client);
    client.once('close', () => clients.delete(client));
  });
  serveRequests(core, server);
  return server;
}

function serverOptions({ limits }: EgressCore) {
  return {
    insecureHTTPParser: false,
    maxHeaderSize: limits.headSizeBytesMax,
    headersTimeout: limits.headMs,
    // A body may take as long as its flow may live.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(1000, limits.headMs),
    noDelay: true,
    shouldUpgradeCallback: wantsWebSocket,
  };
}

function serveRequests(core: EgressCore, server: Server): void {
  const unanswered = new WeakMap<Duplex, number>();
  const serve =
    (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
      response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
      settle(core, serveExchange(core, { request, response, expectsContinue }), socket);
    };
  // Node hands a pipelined CONNECT or upgrade over while earlier answers are still being written on
  // the same socket: they would end up inside the tunnel.
  const alone = (client: Duplex): client is Socket => {
    assert(client instanceof Socket, 'a connection of the proxy is a TCP socket');
    if ((unanswered.get(client) ?? 0) === 0) return true;
    deny(core, { protocol: 'connect', destination: 'pipelined', reason: 'malformed_request' });
    client.destroy();
    return false;
  };
  server.on('clientError', (error, client) => {
    refuseUnread(core, { error, client, alone: (unanswered.get(client) ?? 0) === 0 });
  });
  server.on('request', serve(false));
  server.on('checkContinue', serve(true));
  server.on('connect', (request, client, head) => {
    if (!alone(client)) return;
    const authority = request.url ?? '';
    settle(core, openTunnel(core, { authority, client, head }), client);
  });
  server.on('upgrade', (request, client, head) => {
    if (alone(client)) settle(core, serveUpgrade(core, { request, client, head }), client);
  });
}

/** Whatever fails for one client costs that client its connection, and is counted. */
function settle(core: EgressCore, work: Promise<void>, client: Socket): void {
  work.catch(() => {
    core.counters.add('egress.errors', 1, 'request');
    client.destroy();
  });
}

interface Unread {
  readonly error: Error;
  readonly client: Duplex;
  /** False while an earlier answer is still being written on the same connection. */
  readonly alone: boolean;
}

/** A request that the parser refused: smuggling tricks, oversized heads, other protocols. */
function refuseUnread(core: EgressCore, { error, client, alone }: Unread): void {
  assert(client instanceof Socket, 'a connection of the proxy is a TCP socket');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!code.startsWith('HPE_')) {
    core.counters.add('egress.errors', 1, 'connection');
    client.destroy();
    return;
  }
  const reason = code === 'HPE_HEADER_OVERFLOW' ? 'limit' : 'malformed_request';
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : '';
  const [line = ''] = packet.toString('latin1').slice(0, 256).split('\r', 1);
  const denial = deny(core, { protocol: 'http', destination: line, reason });
  if (alone) answerDenialOn(client, { denial, lingerMs: core.limits.lingerMs });
  else client.destroy();
}
