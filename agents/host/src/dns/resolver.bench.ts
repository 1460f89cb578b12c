import { createSocket } from 'node:dgram';
import { compileEgress } from '@sandtrail/policy/egress';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import packets from 'dns-packet';
import { afterAll, beforeAll, test } from 'vitest';
import { type Resolver, startResolver } from './resolver.ts';

// The client shares this process and its core with the resolver.
const options = { time: 3000, warmupTime: 300 };
const queriesInFlight = 64;
const client = createSocket('udp4');
let resolver: Resolver;
let left = 0;
let done: () => void = () => undefined;

beforeAll(async () => {
  resolver = await startResolver({
    listen: { host: '127.0.0.1', port: 0 },
    policy: compileEgress({
      mode: 'restricted',
      egress_allowlist: ['good.test:443'],
      ingress: 'deny_all',
      private_allow: [],
    }),
    lookup: async () => ['93.184.215.14'],
    observe: () => undefined,
    clock: systemClock,
    counters: createCounters(),
    limits: { queriesPerSecondMax: 1_000_000 },
  });
  client.on('message', () => {
    left -= 1;
    if (left === 0) done();
  });
});

afterAll(async () => {
  client.close();
  await resolver.close();
});

function queryFor(name: string): Buffer {
  return packets.encode({ type: 'query', id: 1, flags: 256, questions: [{ type: 'A', name }] });
}

function burst(query: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  left = queriesInFlight;
  done = resolve;
  for (let sent = 0; sent < queriesInFlight; sent += 1)
    client.send(query, resolver.port, '127.0.0.1');
  return promise;
}

test('64 answered queries', async ({ bench }) => {
  const query = queryFor('good.test');
  await bench('answered', () => burst(query)).run(options);
});

test('64 denied queries', async ({ bench }) => {
  const query = queryFor('data-0123456789abcdef.evil.test');
  await bench('denied', () => burst(query)).run(options);
});
