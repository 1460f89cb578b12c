// A receiver of webhooks that believes only what the shipped verifier believes.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { systemClock } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type WebhookEvent, type WebhookRequest, WebhookVerifier } from '../webhook-verifier.ts';

/** What came, in order; each with the request that carried it. */
export interface WebhookReceiver {
  readonly port: number;
  readonly events: WebhookEvent[];
  readonly requests: WebhookRequest[];
  /** Codes of what was refused. */
  readonly refused: string[];
  close(): Promise<void>;
}

/** Listens on a free port of loopback. */
export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  const verifier = new WebhookVerifier({ secret, clock: systemClock });
  const events: WebhookEvent[] = [];
  const requests: WebhookRequest[] = [];
  const refused: string[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = { headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') };
      try {
        events.push(verifier.verify(request));
        requests.push(request);
        response.writeHead(204).end();
      } catch (error) {
        refused.push(error instanceof SandtrailError ? error.code : 'other');
        response.writeHead(403).end();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    ...{ port: address.port, events, requests, refused },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
