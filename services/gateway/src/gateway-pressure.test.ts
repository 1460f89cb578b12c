import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { partitionOf } from '@sandtrail/detection/partition';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { recordBatchType } from '@sandtrail/schemas/record-batch';
import { describe, expect, test } from 'vitest';
import { connectClient, execBody, openTestbed, readAll } from './testbed.ts';

const uid = 'sbx-alpha01';
const events = { topic: 'events', partition: partitionOf(uid, { partitions: 4 }) } as const;

describe('the gateway under pressure', () => {
  test('asks a sender over its rate to wait, and disturbs no other', async () => {
    const bed = await openTestbed({
      config: { limits: { recordsPerSecond: 10, recordsBurst: 5 } },
    });
    const [fast, calm] = [bed.enrol('host:node-1'), bed.enrol('host:node-1')].map((token) =>
      connectClient(bed.gateway.socketPath, token),
    );
    const batch = Array.from({ length: 5 }, (_, seq) => execBody(seq));
    expect((await fast?.records(batch))?.status).toBe(200);
    const refused = await fast?.records(batch);
    expect(refused).toMatchObject({
      status: 429,
      retryAfter: '1',
      json: { error: { code: 'RATE_LIMITED' } },
    });
    expect((await calm?.records(batch))?.status).toBe(200);
    fast?.close();
    calm?.close();
    await bed.remove();
  });

  test('cancels a request that drips', async () => {
    const bed = await openTestbed({ config: { limits: { requestMs: 100 } } });
    const client = connectClient(bed.gateway.socketPath, bed.enrol('host:node-1'));
    const stream = client.session.request({
      ':method': 'POST',
      ':path': '/v1/records',
      authorization: `Bearer ${bed.enrol('host:node-1')}`,
      'content-type': recordBatchType,
    });
    stream.on('error', () => stream.destroy());
    const drip = setInterval(() => stream.write('x'), 10);
    await once(stream, 'close');
    clearInterval(drip);
    expect(bed.counters.snapshot()).toMatchObject({ 'gateway.requests_cancelled{slow}': 1 });
    expect((await client.request({ method: 'GET', path: '/v1/health' })).status).toBe(200);
    client.close();
    await bed.remove();
  });

  test('serves a thousand connections at once and closes those over its bound', async () => {
    const bed = await openTestbed({ config: { limits: { sessionsMax: 1000 } } });
    const token = bed.enrol('host:node-1');
    const clients = Array.from({ length: 1000 }, () =>
      connectClient(bed.gateway.socketPath, token),
    );
    const register = { method: 'POST', path: '/v1/sandboxes', type: 'application/json' };
    const body = Buffer.from(JSON.stringify({ uid, incarnation: 0 }));
    await clients[0]?.request({ ...register, body });
    const answers = await Promise.all(
      clients.map((client, seq) => client.records([execBody(seq)])),
    );
    expect(answers.filter(({ json }) => json['accepted'] === 1)).toHaveLength(1000);
    const extra = connectClient(bed.gateway.socketPath, token);
    await once(extra.session, 'close');
    expect(bed.counters.snapshot()).toMatchObject({ 'gateway.sessions_refused': 1 });
    for (const client of clients) client.close();
    await bed.remove();
  });

  test('loses nothing that it acknowledged when it is stopped under load', async () => {
    const bed = await openTestbed();
    const client = connectClient(bed.gateway.socketPath, bed.enrol('host:node-1'));
    await client.request({
      method: 'POST',
      path: '/v1/sandboxes',
      type: 'application/json',
      body: Buffer.from(JSON.stringify({ uid, incarnation: 0 })),
    });
    let acknowledged = 0;
    // Settled from the first moment: a stop refuses streams while nobody waits for them yet.
    const sends = Promise.allSettled(
      Array.from({ length: 20 }, async (_, batch) => {
        const bodies = Array.from({ length: 50 }, (_each, index) => execBody(batch * 50 + index));
        const answer = await client.records(bodies);
        acknowledged += Number(answer.json['accepted']);
      }),
    );
    await delay(20);
    await bed.gateway.close();
    client.session.destroy();
    await sends;
    const execs = (await readAll(bed.bus, events)).filter(
      ({ body }) => body['kind'] === 'process.exec',
    );
    expect(execs.length).toBeGreaterThanOrEqual(acknowledged);
    await bed.remove();
  });

  test('says that the log is full, and takes the same again later', async () => {
    const bed = await openTestbed({ busLimits: { pendingAppendsMax: 4 } });
    const client = connectClient(bed.gateway.socketPath, bed.enrol('host:node-1'));
    const stream = 'ebpf:node-1:3:host-node-1:0';
    const batches = Array.from({ length: 20 }, (_, seq) => [execBody(seq, { stream })]);
    const answers = await Promise.all(batches.map((batch) => client.records(batch)));
    const full = answers.filter(({ status }) => status === 503);
    expect(full[0]).toMatchObject({ retryAfter: '1', json: { error: { code: 'BUS_FULL' } } });
    for (const batch of batches) expect((await client.records(batch)).status).toBe(200);
    const counts = bed.counters.snapshot();
    const { received, accepted, duplicates, failed } = Object.fromEntries(
      ['received', 'accepted', 'duplicates', 'failed'].map((name) => [
        name,
        counts[`gateway.${name}`] ?? 0,
      ]),
    );
    expect(received).toBe(40);
    expect(accepted).toBe(20);
    expect([duplicates, failed]).toEqual([20 - full.length, full.length]);
    client.close();
    await bed.remove();
  });

  test('serves other machines over TLS', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'sandtrail-tls-'));
    const [certPath, keyPath] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
    const subject = ['-subj', '/CN=gateway', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const out = ['-keyout', keyPath, '-out', certPath];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...out], { stdio: 'pipe' });
    const tcp = { host: '0.0.0.0', port: 0, tls: { certPath, keyPath } };
    const bed = await openTestbed({ config: { tcp } });
    const { port } = new URL(bed.gateway.tcpAddress ?? '');
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: await readFile(certPath) });
    const stream = session.request({ ':path': '/v1/health' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
    session.destroy();
    await bed.remove();
    await rm(dir, { recursive: true });
  });

  test('listens in the clear on loopback only', async () => {
    const tcp = (host: string) => ({ config: { tcp: { host, port: 0 } } });
    const code = await openTestbed(tcp('0.0.0.0')).then(
      () => 'none',
      (error: unknown) => (error instanceof SandtrailError ? error.code : `${error}`),
    );
    expect(code).toBe('LISTEN_REFUSED');
    const bed = await openTestbed(tcp('127.0.0.1'));
    const session = connectHttp2(bed.gateway.tcpAddress ?? '');
    const stream = session.request({ ':path': '/v1/health' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
    session.destroy();
    await bed.remove();
  });
});
