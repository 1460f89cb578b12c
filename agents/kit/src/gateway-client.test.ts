import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http2';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectClient, openTestbed, readAll, type Testbed } from '@sandtrail/gateway/testbed';
import { decodeRecordBatch } from '@sandtrail/schemas/record-batch';
import { partitionCount } from '@sandtrail/schemas/topics';
import { afterEach, describe, expect, test } from 'vitest';
import { createGatewayClient } from './gateway-client.ts';
import { makeDirectory, openKitTestbed } from './testbed.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const record = { body: Buffer.from('{"a":1}'), erasable: Buffer.alloc(0) };
const forever = new AbortController().signal;

/** A server on a socket of its own that answers as the test says. */
async function serve(answer: (body: Buffer) => { status: number; text: string } | undefined) {
  const dir = makeDirectory();
  const socketPath = path.join(dir, 's.sock');
  const seen: string[] = [];
  const server = createServer();
  server.on('session', (session) => {
    session.on('error', () => session.destroy());
  });
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => stream.destroy());
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    seen.push(`${headers[':method']} ${headers[':path']} ${headers.authorization}`);
    const given = answer(Buffer.concat(chunks));
    if (given === undefined) return;
    stream.respond({ ':status': given.status });
    stream.end(given.text);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const client = createGatewayClient({
    address: { socketPath },
    token: 'tok',
    connectTimeoutMs: 300,
  });
  ends.push(async () => {
    await client.close();
    server.close();
    await rm(dir, { recursive: true });
  });
  return { client, seen };
}

const accepted = { status: 200, text: '{"accepted":1,"duplicates":0,"refused":[]}' };

describe('the client', () => {
  test('posts the batch with its token and returns what was refused', async () => {
    const refused = [{ index: 0, code: 'BODY_INVALID', detail: 'x' }];
    const { client, seen } = await serve((body) => {
      expect(decodeRecordBatch(body)).toEqual([record]);
      return { status: 200, text: JSON.stringify({ accepted: 0, duplicates: 0, refused }) };
    });
    expect(await client.ship([record], forever)).toEqual(refused);
    expect(seen).toEqual(['POST /v1/records Bearer tok']);
  });

  test.each([
    ['a failure', { status: 503, text: '{"error":{"code":"BUS_FULL"}}' }, /503 BUS_FULL/],
    ['nonsense', { status: 200, text: '<html>' }, /not understood/],
  ])('rejects %s as GATEWAY_REFUSED', async (_name, answer, detail) => {
    const { client } = await serve(() => answer);
    await expect(client.ship([record], forever)).rejects.toMatchObject({
      code: 'GATEWAY_REFUSED',
      detail: expect.stringMatching(detail),
    });
  });

  test('rejects when nobody listens, and when no answer comes in time; then it connects anew', async () => {
    const none = createGatewayClient({
      address: { socketPath: '/nonexistent/s.sock' },
      token: 't',
    });
    await expect(none.ship([record], forever)).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
    await none.close();
    let isSilent = true;
    const { client, seen } = await serve(() => (isSilent ? undefined : accepted));
    await expect(client.ship([record], AbortSignal.timeout(100))).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
    isSilent = false;
    expect(await client.ship([record], forever)).toEqual([]);
    expect(seen.length).toBe(2);
  });
});

async function registered(gateway: Testbed) {
  const token = gateway.enrol('host:node-1');
  const { socketPath } = gateway.gateway;
  const client = connectClient(socketPath, token);
  const body = Buffer.from(JSON.stringify({ uid: 'sandbox-1', incarnation: 0 }));
  const answer = await client.request({
    ...{ method: 'POST', path: '/v1/sandboxes', type: 'application/json', body },
  });
  expect(answer.status).toBe(200);
  client.close();
  return { token, address: { socketPath } };
}

async function seqsOf(gateway: Testbed, stream: string): Promise<readonly number[]> {
  const seqs: number[] = [];
  for (let partition = 0; partition < partitionCount.events; partition += 1) {
    for (const { body } of await readAll(gateway.bus, { topic: 'events', partition }))
      if (body['stream'] === stream) seqs.push(Number(body['seq']));
  }
  return seqs;
}

describe('a kit with a real gateway', () => {
  test('ships over its socket; what the log holds is what the kit made, byte for byte in order', async () => {
    const gateway = await openTestbed();
    ends.push(() => gateway.remove());
    const via = createGatewayClient(await registered(gateway));
    ends.push(() => via.close());
    const bed = openKitTestbed({ via });
    const stream = await bed.open();
    for (let at = 0; at < 2500; at += 1)
      stream.emit({
        kind: 'process.exec',
        observedAtNs: `${BigInt(Date.now()) * 1_000_000n}`,
        exe: { raw: '/bin/true' },
        argv: ['true', `${at}`],
      });
    await bed.kit.close('over');
    await bed.remove();
    expect(bed.counters.snapshot()).not.toMatchObject({ 'kit.refused{other}': expect.anything() });
    const seqs = await seqsOf(gateway, stream.id);
    expect(seqs).toEqual(Array.from({ length: 2504 }, (_, at) => at));
  });

  test('waits while the gateway is away and goes on when it is back', async () => {
    const first = await openTestbed();
    const via = createGatewayClient(await registered(first));
    ends.push(() => via.close());
    const bed = openKitTestbed({ via });
    const stream = await bed.open();
    const emit = (at: number) =>
      stream.emit({
        kind: 'process.exit',
        observedAtNs: `${BigInt(Date.now()) * 1_000_000n}`,
        code: at,
      });
    emit(1);
    await delay(50);
    await first.stop();
    for (let at = 2; at < 200; at += 1) emit(at);
    await delay(80);
    const second = await openTestbed({ dir: first.dir });
    ends.push(() => second.remove());
    await bed.kit.close('over');
    await bed.remove();
    expect(bed.counters.snapshot()['kit.ship_failed{GATEWAY_UNREACHABLE}']).toBeGreaterThan(0);
    const seqs = new Set(await seqsOf(second, stream.id));
    expect([...seqs]).toEqual(Array.from({ length: 201 }, (_, at) => at));
  });
});
