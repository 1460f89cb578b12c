// `/metrics` for Prometheus: all processes of the product in one text, on this machine only.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { metricsText, metricsTextType } from '@sandtrail/runtime/metrics-text';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import { SandtrailError } from '@sandtrail/schemas/errors';

interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: () => Promise<readonly ProcessMetrics[]>;
  readonly counters: Counters;
  readonly log: Logger;
}

const connectionsMax = 16;

/**
 * Serves until closed. It needs neither a name nor a secret, so the configuration admits loopback
 * addresses alone, and what it tells are names and numbers of our own.
 * @throws SandtrailError `LISTEN_REFUSED`
 */
export async function startMetricsServer(options: ServerOptions) {
  const { host, port, counters, log } = options;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (request.method !== 'GET' || path !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    answer(response, options.metrics).catch((error: unknown) => {
      counters.add('telemetry.scrapes_failed');
      log.warn('a scrape failed', { error: String(error) });
      response.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  }).catch((cause: unknown) => {
    throw new SandtrailError('LISTEN_REFUSED', { detail: `${host}:${port}`, cause });
  });
  const address = `http://${addressOf(server.address())}/metrics`;
  log.info('metrics are served', { address });
  return {
    address,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  response: ServerResponse,
  metrics: () => Promise<readonly ProcessMetrics[]>,
): Promise<void> {
  const text = metricsText(await metrics());
  response.writeHead(200, { 'content-type': metricsTextType }).end(text);
}

function addressOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return String(address);
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}
