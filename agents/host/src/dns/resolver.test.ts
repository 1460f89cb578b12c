import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { connect } from 'node:net';
import { compileEgress } from '@sandtrail/policy/egress';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import packets, { type DecodedPacket } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lookup } from '../egress/destination.ts';
import { startResolver } from './resolver.ts';
import type { ResolverLimits } from './resolver-limits.ts';

const addresses: Readonly<Record<string, readonly string[]>> = {
  'good.test': ['93.184.215.14', '2606:2800:21f::1'],
  'inner.test': ['10.1.2.3'],
  'rebind.test': ['127.0.0.1'],
};

interface RigOptions {
  readonly lookup?: Lookup;
  readonly limits?: Partial<ResolverLimits>;
}

async function startRig({ lookup, limits = {} }: RigOptions = {}) {
  const seen: ObservationOf<'network.dns'>[] = [];
  const asked: string[] = [];
  const counters = createCounters();
  const resolver = await startResolver({
    listen: { host: '127.0.0.1', port: 0 },
    policy: compileEgress({
      mode: 'restricted',
      egress_allowlist: ['good.test:443', 'inner.test:80', 'rebind.test:443', '*.wild.test:443'],
      ingress: 'deny_all',
      private_allow: [{ name: 'inner.test', address: '10.1.2.3' }],
    }),
    lookup: async (name) => {
      asked.push(name);
      if (lookup !== undefined) return lookup(name);
      return name.endsWith('.wild.test') ? ['1.1.1.1'] : (addresses[name] ?? []);
    },
    observe: (observation) => {
      if (observation.kind === 'network.dns') seen.push(observation);
    },
    clock: systemClock,
    counters,
    limits,
  });
  const ask = (type: string, name: string) => {
    const query = packets.encode({ type: 'query', id: 7, flags: 256, questions: [] });
    return askRaw(resolver.port, withQuestion(query, { name, type }));
  };
  const client = new dns.Resolver({ timeout: 1000, tries: 1 });
  client.setServers([`127.0.0.1:${resolver.port}`]);
  const dispose = () => resolver.close();
  return { resolver, seen, asked, counters, ask, client, [Symbol.asyncDispose]: dispose };
}

const numbers: Readonly<Record<string, number>> = {
  A: 1,
  NULL: 10,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  HTTPS: 65,
  AXFR: 252,
  ANY: 255,
};

function withQuestion(query: Buffer, { name, type }: { name: string; type: string }): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  const head = Buffer.from(query);
  head.writeUInt16BE(1, 4);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, numbers[type] ?? 0, 0, 1])]);
}

async function askRaw(port: number, query: Buffer): Promise<DecodedPacket & { rcode?: string }> {
  const socket = createSocket('udp4');
  socket.send(query, port, '127.0.0.1');
  const [message] = await once(socket, 'message');
  socket.close();
  const decoded: DecodedPacket = packets.decode(message);
  return decoded;
}

describe('the resolver', () => {
  test('answers allowed names to a real client, of either family', async () => {
    await using rig = await startRig();
    expect(await rig.client.resolve4('good.test')).toEqual(['93.184.215.14']);
    expect(await rig.client.resolve6('Good.TEST')).toEqual(['2606:2800:21f::1']);
    expect(await rig.client.resolve4('inner.test')).toEqual(['10.1.2.3']);
    await expect(rig.client.resolve6('inner.test')).rejects.toMatchObject({ code: 'ENODATA' });
    expect(rig.seen[0]).toMatchObject({
      name: 'good.test',
      type: 'A',
      verdict: 'answered',
      answers: ['93.184.215.14'],
    });
  });

  test('denies other names without asking anybody, and records them', async () => {
    await using rig = await startRig();
    await expect(rig.client.resolve4('data.evil.test')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
    expect(rig.asked).toEqual([]);
    expect(rig.seen[0]).toMatchObject({
      name: 'data.evil.test',
      verdict: 'denied',
      reason: 'not_allowed',
      answers: [],
    });
  });

  test.each(['ANY', 'AXFR', 'NULL', 'TXT', 'MX'] as const)(
    'refuses %s of an allowed name',
    async (type) => {
      await using rig = await startRig();
      expect(await rig.ask(type, 'good.test')).toMatchObject({ rcode: 'REFUSED', answers: [] });
      expect(rig.seen[0]).toMatchObject({ type, verdict: 'refused', reason: 'record_type' });
      expect(rig.asked).toEqual([]);
    },
  );

  test('gives no HTTPS record, which would carry keys for a hidden hello', async () => {
    await using rig = await startRig();
    expect(await rig.ask('HTTPS', 'good.test')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  test('refuses an answer that is private and not declared', async () => {
    await using rig = await startRig();
    expect(await rig.ask('A', 'rebind.test')).toMatchObject({ rcode: 'REFUSED', answers: [] });
    expect(rig.seen[0]).toMatchObject({ verdict: 'refused', reason: 'private_address' });
  });

  test.each([
    ['a NUL', 'good\0test', 'good\\000test'],
    ['a dot inside a label', 'good\u0001.test', 'good\\001.test'],
    ['a space', 'go od.test', 'go\\032od.test'],
    ['a byte above ASCII', 'g\xc3\xb6.test', 'g\\195\\182.test'],
    ['a byte that lower case would change', '\xc0.test', '\\192.test'],
  ])('refuses a label with %s and records it escaped', async (_what, name, shown) => {
    await using rig = await startRig();
    expect(await rig.ask('A', name)).toMatchObject({ rcode: 'REFUSED' });
    expect(rig.seen[0]).toMatchObject({ name: shown, reason: 'label_bytes' });
  });

  test('is not taken in by a label that holds the dots of an allowed name', async () => {
    await using rig = await startRig();
    const label = Buffer.from('\u000dx.good.test\0a', 'latin1');
    label[0] = label.length - 1;
    const head = packets.encode({ type: 'query', id: 1, flags: 256, questions: [] });
    head.writeUInt16BE(1, 4);
    const query = Buffer.concat([head, label, Buffer.from([0, 0, 1, 0, 1])]);
    await askRaw(rig.resolver.port, query);
    expect(rig.seen[0]).toMatchObject({ name: 'x\\046good\\046test\\000a', reason: 'label_bytes' });
  });

  test('gives a wildcard a budget of names, bytes and label length', async () => {
    await using rig = await startRig({ limits: { distinctNamesMax: 3, labelBytesMax: 20 } });
    for (const label of ['a', 'b', 'c', 'a']) {
      expect(await rig.client.resolve4(`${label}.wild.test`)).toEqual(['1.1.1.1']);
    }
    await expect(rig.client.resolve4('d.wild.test')).rejects.toMatchObject({ code: 'EREFUSED' });
    await expect(rig.client.resolve4(`${'x'.repeat(21)}.wild.test`)).rejects.toThrow();
    expect(rig.asked).toHaveLength(4);
    expect(rig.seen.at(-1)).toMatchObject({ verdict: 'refused', reason: 'dns_budget' });
    expect(await rig.client.resolve4('good.test')).toHaveLength(1);
  });

  test('says that a name is unknown when its lookup fails', async () => {
    await using rig = await startRig({ lookup: () => Promise.reject(new Error('no')) });
    await expect(rig.client.resolve4('good.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(rig.seen[0]).toMatchObject({ verdict: 'failed', reason: 'unresolved' });
  });

  test('refuses everything while contained, also what was being looked up', async () => {
    const gate = Promise.withResolvers<readonly string[]>();
    await using rig = await startRig({ lookup: () => gate.promise });
    const waiting = rig.ask('A', 'good.test');
    await expect.poll(() => rig.asked.length).toBe(1);
    rig.resolver.denyAll();
    gate.resolve(['1.1.1.1']);
    expect(await waiting).toMatchObject({ rcode: 'REFUSED', answers: [] });
    expect(await rig.ask('A', 'good.test')).toMatchObject({ rcode: 'REFUSED' });
    expect(rig.seen.map(({ reason }) => reason)).toEqual(['contained', 'contained']);
    rig.resolver.allowAll();
    expect(await rig.ask('A', 'good.test')).toMatchObject({ rcode: 'NOERROR' });
  });

  test('answers over TCP, several on one connection, and drops oversized messages', async () => {
    await using rig = await startRig();
    const socket = connect(rig.resolver.port, '127.0.0.1');
    const query = packets.streamEncode({
      type: 'query',
      id: 9,
      flags: 256,
      questions: [{ type: 'A', name: 'good.test' }],
    });
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.write(query.subarray(0, 5));
    socket.write(Buffer.concat([query.subarray(5), query]));
    await expect.poll(() => Buffer.concat(received).length).toBe(2 * (2 + 27 + 16));
    expect(packets.streamDecode(Buffer.concat(received).subarray(0, 45)).answers).toHaveLength(1);
    socket.write(Buffer.from([0xff, 0xff, 0]));
    await once(socket, 'close');
  });

  test('tells a flood in a bounded number of records that still count every query', async () => {
    const limits = { observationsPerSecondMax: 10, queriesPerSecondMax: 60 };
    const rig = await startRig({ limits });
    const socket = createSocket('udp4');
    const head = packets.encode({ type: 'query', id: 7, flags: 256, questions: [] });
    for (let at = 0; at < 100; at += 1)
      socket.send(
        withQuestion(head, { name: `x${at}.evil.test`, type: 'A' }),
        rig.resolver.port,
        '127.0.0.1',
      );
    const told = () =>
      Object.values(rig.counters.snapshot()).reduce((sum, count) => sum + count, 0);
    await expect.poll(told).toBe(100);
    socket.close();
    await rig.resolver.close();
    expect(rig.seen.length).toBeLessThanOrEqual(24);
    const total = rig.seen.reduce((sum, one) => sum + (one.repeats ?? 1), 0);
    expect(total).toBe(100);
    expect(rig.seen.some(({ name, repeats }) => name === 'evil.test' && (repeats ?? 0) > 1)).toBe(
      true,
    );
  });

  test('answers or drops any bytes and goes on', async () => {
    await using rig = await startRig();
    const socket = createSocket('udp4');
    const head = packets.encode({ type: 'query', id: 7, flags: 256, questions: [] });
    const good = withQuestion(head, { name: 'good.test', type: 'A' });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
        const bent = Buffer.from(good);
        bent[at] = byte;
        return bent;
      }),
      fc.nat({ max: good.length }).map((end) => good.subarray(0, end)),
    );
    for (const packet of fc.sample(bytes, 500)) socket.send(packet, rig.resolver.port, '127.0.0.1');
    socket.close();
    expect(await rig.client.resolve4('good.test')).toEqual(['93.184.215.14']);
  });
});
