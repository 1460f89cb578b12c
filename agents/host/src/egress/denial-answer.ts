// What a denied agent is told: what was denied, why, what to do, and that it stands in the record.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Denial } from './egress-record.ts';

type Reason = Denial['reason'];

const because: Readonly<Record<Reason, string>> = {
  not_allowed: "the destination is not on this sandbox's egress allowlist",
  malformed_authority: 'the request does not name its destination as exactly host:port',
  malformed_request: 'the request is not one that a proxy can forward safely',
  ip_literal: 'an address is not a name on the allowlist',
  private_address: 'the destination lies in a private or reserved range that is not declared',
  sni_mismatch: 'the TLS server name is absent or differs from the destination',
  encrypted_hello: 'the TLS hello hides its server name',
  not_tls: 'only TLS may be spoken to port 443',
  hello_timeout: 'the TLS hello was not complete in time',
  host_mismatch: 'the Host header is absent, doubled or differs from the destination',
  unresolved: 'the name has no address',
  record_type: 'this record type is not answered',
  label_bytes: 'the name holds bytes that no host name holds',
  dns_budget: 'too many names of this domain were asked for',
  contained: 'this sandbox is contained: nothing leaves it',
  limit: 'a limit of this sandbox is reached',
  upstream: 'the destination could not be reached or did not answer properly',
};

/** The status of the answer: 403, save for what is not a decision. */
export function denialStatus(reason: Reason): 403 | 502 | 503 {
  if (reason === 'unresolved' || reason === 'upstream') return 502;
  return reason === 'limit' ? 503 : 403;
}

/** The answer's text; what the agent asked for is shown in plain characters only. */
export function denialText({ reason, method, destination }: Denial): string {
  const asked = destination.slice(0, 200).replace(/[^\x21-\x7e]/g, '?');
  const act = method === undefined ? asked : `${method.slice(0, 32)} ${asked}`;
  return [
    `Sandtrail denied ${act}: ${because[reason]} (${reason}).`,
    'If the task needs it, ask for it in the policy (network.egress_allowlist).',
    'This denial is recorded; trying to go round it will be recorded too.',
    '',
  ].join('\n');
}

/** Answers on a response that has not begun; where it has, the connection is cut. */
export function answerDenial(response: ServerResponse, denial: Denial): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = denialText(denial);
  response.writeHead(denialStatus(denial.reason), {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'X-Sandtrail-Denied': denial.reason,
    Connection: 'close',
  });
  response.end(body);
}

interface SocketAnswer {
  readonly denial: Denial;
  readonly lingerMs: number;
}

/** Answers on a bare socket (CONNECT, or a request that could not be read) and closes it. */
export function answerDenialOn(socket: Socket, { denial, lingerMs }: SocketAnswer): void {
  const body = denialText(denial);
  const status = denialStatus(denial.reason);
  const phrase = { 403: 'Forbidden', 502: 'Bad Gateway', 503: 'Service Unavailable' }[status];
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Sandtrail-Denied: ${denial.reason}`,
    'Connection: close',
  ];
  closeWith(socket, { last: `${head.join('\r\n')}\r\n\r\n${body}`, lingerMs });
}

/** TLS alert access_denied (RFC 8446 §6.2): what a client shows when its tunnel is refused. */
const accessDenied = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** Ends a tunnel whose first bytes were refused. */
export function refuseTunnel(socket: Socket, lingerMs: number): void {
  closeWith(socket, { last: accessDenied, lingerMs });
}

interface Closing {
  readonly last: string | Buffer;
  readonly lingerMs: number;
}

function closeWith(socket: Socket, { last, lingerMs }: Closing): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
  // Half-open sockets stay until both sides end: with the answer flushed and read there is no more to say.
  socket.once('end', () => socket.destroySoon());
  socket.end(last);
  socket.resume();
}
