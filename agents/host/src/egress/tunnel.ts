// CONNECT: a tunnel to an allowed destination, opened only after its first bytes named the same one.
import type { Socket } from 'node:net';
import { openClientFlow } from './client-flow.ts';
import { answerDenialOn, refuseTunnel } from './denial-answer.ts';
import type { AllowedDestination } from './destination.ts';
import type { Dialled } from './dial.ts';
import { admit, deny, type EgressCore, elapsedMs } from './egress-core.ts';
import type { FirstBytes } from './first-bytes.ts';
import { peekFirstBytes } from './first-bytes.ts';
import type { Flow } from './flow.ts';
import { splice } from './splice.ts';

interface ConnectRequest {
  /** The request's target as it was written. */
  readonly authority: string;
  readonly client: Socket;
  /** Bytes after the request's headers. */
  readonly head: Buffer;
}

/** Serves one CONNECT from its decision to the end of the tunnel. */
export async function openTunnel(core: EgressCore, request: ConnectRequest): Promise<void> {
  const { authority, client, head } = request;
  const { lingerMs } = core.limits;
  const asked = { protocol: 'connect', destination: authority, method: 'CONNECT' } as const;
  const destination = admit(core, { asked, authority });
  if ('reason' in destination) {
    answerDenialOn(client, { denial: destination, lingerMs });
    return;
  }
  const reached = await openClientFlow(core, { client, asked, destination });
  if (reached === undefined) return;
  await admitFirstBytes(core, { ...reached, client, head, destination });
}

interface Standing {
  readonly flow: Flow;
  readonly client: Socket;
  readonly head: Buffer;
  readonly destination: AllowedDestination;
  readonly dialled: Dialled;
}

async function admitFirstBytes(core: EgressCore, standing: Standing): Promise<void> {
  const { flow, client, head, destination, dialled } = standing;
  const upstream = dialled.socket;
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  const tlsOnly = core.tlsOnlyPorts.has(destination.port);
  // Where not only TLS is spoken the server may speak first (SSH): its side flows from the start.
  if (!tlsOnly) upstream.pipe(client);
  const timeoutMs = core.limits.helloMs;
  const first = await peekFirstBytes(client, { destination, head, tlsOnly, timeoutMs });
  if (flow.ended !== undefined) return;
  if (first.verdict === 'admitted') {
    recordTunnel(core, { ...standing, first });
    splice({ flow, client, upstream, first: first.bytes });
    return;
  }
  upstream.unpipe(client).destroy();
  if (first.verdict === 'denied') {
    const { reason, claimed } = first;
    const { host, port } = destination;
    const also = claimed === undefined ? {} : { claimed };
    const asked = {
      protocol: 'connect',
      destination: `${host}:${port}`,
      method: 'CONNECT',
    } as const;
    deny(core, { ...asked, host, port, ...also, reason });
    refuseTunnel(client, core.limits.lingerMs);
  } else client.destroy();
  flow.end('closed');
}

interface Opened extends Standing {
  readonly first: Extract<FirstBytes, { verdict: 'admitted' }>;
}

function recordTunnel(core: EgressCore, { flow, destination, dialled, first }: Opened): void {
  const { serverName } = first;
  core.record.exchange({
    method: 'CONNECT',
    host: destination.host,
    port: destination.port,
    status: 200,
    address: dialled.address,
    ...(serverName === undefined ? {} : { sni: serverName }),
    // The tunnel's bytes stand in its `network.flow`, so that none is counted twice.
    bytesOut: 0,
    bytesIn: 0,
    durationMs: elapsedMs(core, flow.startedMs),
  });
}
