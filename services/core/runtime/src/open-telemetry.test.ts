// OpenTelemetry against a receiver that refuses: work goes on, failures and skipped spans are counted.
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock, systemRandom } from './clock.ts';
import { type Counters, createCounters } from './counters.ts';
import { silentLogger } from './log.ts';
import { type OpenTelemetry, startOpenTelemetry } from './open-telemetry.ts';

let counters: Counters;
let telemetry: OpenTelemetry;
let bodies: Buffer[];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  bodies.push(Buffer.concat(chunks));
  // Not an answer after which the exporter tries again: what it does must not hang on time.
  response.writeHead(400).end();
});

beforeEach(async () => {
  counters = createCounters();
  bodies = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  telemetry = startOpenTelemetry({
    endpoint: `http://127.0.0.1:${port}`,
    headers: {},
    ...{ node: 'node-1', process: 'core', exportMs: 60_000 },
    ...{ clock: systemClock, random: systemRandom, counters, log: silentLogger },
  });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('work is done whatever the receiver answers, and what is not of ours is not told', async () => {
  const { spans } = telemetry;
  const hostile = 'a name\nfrom a sandbox';
  expect(await spans.around('store.insert', { place: hostile }, async () => 7)).toBe(7);
  const failing = spans.around('bus.append', {}, () => Promise.reject(new Error('full')));
  await expect(failing).rejects.toThrowError('full');
  for (let index = 0; index < 60; index += 1) {
    await spans.around('gateway.batch', { records: index }, async () => undefined);
  }
  await telemetry.close();
  expect(counters.snapshot()['telemetry.spans_skipped{gateway.batch}']).toBeGreaterThanOrEqual(20);
  const failed = Object.keys(counters.snapshot()).filter((name) => name.includes('exports_failed'));
  expect(failed.length).toBeGreaterThan(0);
  const sent = () => Buffer.concat(bodies).toString('latin1');
  // The first refusal ends the wait at the end; what else was on its way arrives all the same.
  await expect.poll(sent, { timeout: 10_000 }).toContain('store.insert');
  expect(sent()).not.toContain('from a sandbox');
});
