// Holds a tunnel's first bytes back until it is certain where they want to go.
import type { Socket } from 'node:net';
import { ClientHelloReader, type Hello, helloSizeBytesMax } from './client-hello.ts';
import type { AllowedDestination } from './destination.ts';
import type { Denial } from './egress-record.ts';

/** What became of the first bytes. `closed`: the client went away before it said anything. */
export type FirstBytes =
  | { readonly verdict: 'admitted'; readonly bytes: Buffer; readonly serverName?: string }
  | {
      readonly verdict: 'denied';
      readonly reason: Denial['reason'];
      readonly claimed?: string;
    }
  | { readonly verdict: 'closed' };

interface PeekOptions {
  readonly destination: AllowedDestination;
  /** Bytes that came with the CONNECT itself. */
  readonly head: Buffer;
  readonly tlsOnly: boolean;
  readonly timeoutMs: number;
}

const tlsFirstByte = 22;

/**
 * Reads the client's first bytes; the socket is paused when this resolves. Where `tlsOnly` holds
 * (port 443) only a ClientHello that names the destination is admitted. Elsewhere whatever does not
 * begin like TLS is admitted too (SSH, databases: the policy named that port), and the client may
 * wait for the server to speak first; what begins like TLS must name the destination there as well.
 */
export function peekFirstBytes(client: Socket, options: PeekOptions): Promise<FirstBytes> {
  const { promise, resolve } = Promise.withResolvers<FirstBytes>();
  const reader = new ClientHelloReader();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const startTimer = () => {
    const late: FirstBytes = { verdict: 'denied', reason: 'hello_timeout' };
    timer ??= setTimeout(() => finish(late), options.timeoutMs);
  };
  const finish = (result: FirstBytes) => {
    clearTimeout(timer);
    client.off('data', take).off('end', gone).off('close', gone).pause();
    resolve(result);
  };
  const gone = () => finish({ verdict: 'closed' });
  const take = (chunk: Buffer) => {
    startTimer();
    chunks.push(chunk);
    sizeBytes += chunk.length;
    const judged = judge(reader.push(chunk), { chunks, sizeBytes, options });
    if (judged !== undefined) finish(judged);
  };
  if (options.tlsOnly) startTimer();
  if (client.destroyed || client.readableEnded) {
    gone();
    return promise;
  }
  client.on('data', take).on('end', gone).on('close', gone);
  if (options.head.length > 0) take(options.head);
  return promise;
}

interface Arrived {
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  readonly options: PeekOptions;
}

function judge(hello: Hello, { chunks, sizeBytes, options }: Arrived): FirstBytes | undefined {
  const { destination } = options;
  switch (hello.state) {
    case 'incomplete':
      return sizeBytes > helloSizeBytesMax ? { verdict: 'denied', reason: 'limit' } : undefined;
    case 'too_large':
      return { verdict: 'denied', reason: 'limit' };
    case 'not_tls': {
      const raw = !options.tlsOnly && chunks[0]?.[0] !== tlsFirstByte;
      if (raw) return { verdict: 'admitted', bytes: Buffer.concat(chunks) };
      return { verdict: 'denied', reason: 'not_tls' };
    }
    case 'complete': {
      const bytes = Buffer.concat(chunks);
      return judgeName(hello, { destination, bytes });
    }
    default:
      return hello satisfies never;
  }
}

type CompleteHello = Extract<Hello, { state: 'complete' }>;

interface Wanted {
  readonly destination: AllowedDestination;
  readonly bytes: Buffer;
}

function judgeName(hello: CompleteHello, { destination, bytes }: Wanted): FirstBytes {
  const { serverName } = hello;
  const claimed = serverName === undefined ? {} : { claimed: serverName };
  if (hello.encrypted) return { verdict: 'denied', reason: 'encrypted_hello', ...claimed };
  // An address cannot be a server name (RFC 6066 §3), so there the hello names none.
  const wanted = destination.address === undefined ? destination.host : undefined;
  if (serverName !== wanted) return { verdict: 'denied', reason: 'sni_mismatch', ...claimed };
  return serverName === undefined
    ? { verdict: 'admitted', bytes }
    : { verdict: 'admitted', bytes, serverName };
}
