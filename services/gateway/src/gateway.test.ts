import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { partitionOf } from '@sandtrail/detection/partition';
import { encodeRecordBatch, recordBatchType } from '@sandtrail/schemas/record-batch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  connectClient,
  execBody,
  openTestbed,
  readAll,
  type Testbed,
  type TestClient,
} from './testbed.ts';

const uid = 'sbx-alpha01';
const events = { topic: 'events', partition: partitionOf(uid, { partitions: 4 }) } as const;
const other = 'sbx-bravo02';

describe('the gateway', () => {
  let bed: Testbed;
  let host: TestClient;
  const clients: TestClient[] = [];
  const client = (token: string) => {
    const connected = connectClient(bed.gateway.socketPath, token);
    clients.push(connected);
    return connected;
  };
  const register = (sandbox: object, from = host) =>
    from.request({
      method: 'POST',
      path: '/v1/sandboxes',
      type: 'application/json',
      body: Buffer.from(JSON.stringify(sandbox)),
    });
  const logged = async () =>
    (await readAll(bed.bus, events)).filter(
      ({ body }) => !/^(?:control\.(?:genesis|tick)|collector\..*)$/.test(`${body['kind']}`),
    );

  beforeEach(async () => {
    bed = await openTestbed();
    host = client(bed.enrol('host:node-1'));
    await register({ uid, incarnation: 0 });
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) each.close();
    await bed.remove();
  });

  test('puts accepted bodies into the log byte for byte, under a header of its own', async () => {
    const bodies = [execBody(0), execBody(1)];
    const answer = await host.records(bodies);
    expect(answer).toMatchObject({
      status: 200,
      json: { accepted: 2, duplicates: 0, refused: [] },
    });
    const records = await logged();
    expect(records.map(({ bodyText }) => bodyText)).toEqual(bodies);
    expect(records[0]?.header).toMatchObject({
      tenant: 'acme',
      sandbox: uid,
      incarnation: 0,
      trust: 'kernel',
      admission: 'live',
      timeNs: records[0]?.body['observedAtNs'],
    });
  });

  test('clamps the event time of a sender whose clock is wrong', async () => {
    await host.records([
      execBody(0, { observedAtNs: '1' }),
      execBody(1, { observedAtNs: `${2n ** 63n}` }),
    ]);
    const [late, early] = await logged();
    expect(late?.header['admission']).toBe('clamped');
    const shift = (record: typeof late) =>
      BigInt(`${record?.header['timeNs']}`) - BigInt(`${record?.header['receivedAtNs']}`);
    expect(shift(late)).toBe(-3_600_000_000_000n);
    expect(shift(early)).toBe(5_000_000_000n);
  });

  test('acknowledges a retransmission without writing it twice', async () => {
    const bodies = [execBody(0), execBody(1)];
    await host.records(bodies);
    const again = await host.records([...bodies, ...bodies.slice(1)]);
    expect(again.json).toEqual({ accepted: 0, duplicates: 3, refused: [] });
    expect(await logged()).toHaveLength(2);
  });

  test('writes another body under a used number too, and counts it', async () => {
    await host.records([execBody(0)]);
    const forged = execBody(0, { argv: ['rm', '-rf', '/'] });
    expect((await host.records([forged])).json).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await logged()).toHaveLength(2);
    expect(bed.counters.snapshot()).toMatchObject({ 'gateway.equivocations': 1 });
  });

  test('takes records out of order as they come', async () => {
    const answer = await host.records([execBody(7), execBody(2), execBody(5)]);
    expect(answer.json).toMatchObject({ accepted: 3 });
    expect((await logged()).map(({ body }) => body['seq'])).toEqual(['7', '2', '5']);
  });

  test('refuses single records with their index and code and takes the rest', async () => {
    const answer = await host.records([
      execBody(0),
      '{"kind":"process.exec","kind":"process.exec"}',
      execBody(1, { stream: 'ebpf:node-2:3:sbx-alpha01:0' }),
      execBody(1, { stream: `ebpf:node-1:3:${other}:0` }),
      execBody(1, { stream: 'ebpf:node-1:3:sbx-alpha01:1' }),
      execBody(1, { stream: 'responder:node-1:3:sbx-alpha01:0' }),
      execBody(1, { stream: 'nonsense' }),
      JSON.stringify({ ...JSON.parse(execBody(1)), kind: 'tool.call' }),
      JSON.stringify({ ...JSON.parse(execBody(1)), kind: 'no.such' }),
      Buffer.from([0xff, 0xfe]),
      '',
      execBody(2),
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json['accepted']).toBe(2);
    const refused = answer.json['refused'];
    expect(refused).toMatchObject([
      { index: 1 },
      { index: 2, code: 'CLAIM_OUTSIDE_GRANT', detail: 'node node-2' },
      { index: 3, code: 'CLAIM_OUTSIDE_GRANT' },
      { index: 4, code: 'CLAIM_OUTSIDE_GRANT' },
      { index: 5, code: 'CLAIM_OUTSIDE_GRANT' },
      { index: 6, code: 'BODY_INVALID' },
      { index: 7, code: 'BODY_INVALID' },
      { index: 8, code: 'BODY_INVALID' },
      { index: 9 },
      { index: 10 },
    ]);
    const counts = bed.counters.snapshot();
    const refusedCount = Object.entries(counts)
      .filter(([name]) => name.startsWith('gateway.refused{'))
      .reduce((sum, [, count]) => sum + count, 0);
    const accepted = counts['gateway.accepted'] ?? 0;
    expect(refusedCount).toBe(10);
    expect(counts['gateway.received']).toBe(accepted + refusedCount);
  });

  test('gives a host no kind of a service and a sandbox no kind of a host', async () => {
    const tick = JSON.stringify({
      kind: 'control.tick',
      v: 1,
      stream: 'ebpf:node-1:3:sbx-alpha01:0',
      seq: '0',
      observedAtNs: '1',
    });
    const refused = await host.records([tick]);
    expect(refused.json['refused']).toMatchObject([{ code: 'KIND_NOT_GRANTED' }]);
    const inside = client(bed.enrol(`sandbox:${uid}`));
    const exec = await inside.records([execBody(0, { stream: `sender:${uid}:0:${uid}:0` })]);
    expect(exec.json['refused']).toMatchObject([{ code: 'KIND_NOT_GRANTED' }]);
  });

  test('lets a sandbox with a token write about itself only, as a claim', async () => {
    const inside = client(bed.enrol(`sandbox:${uid}`));
    const said = (stream: string, seq = 0) =>
      JSON.stringify({
        kind: 'tool.call',
        v: 1,
        stream,
        seq: `${seq}`,
        observedAtNs: '1790000000000000000',
        tool: 'bash',
        callId: 'c1',
        input: 'ls',
      });
    const answer = await inside.records([
      said(`sender:${uid}:0:${uid}:0`),
      said(`sender:${uid}:0:${other}:0`),
      said(`sender:node-1:0:${uid}:0`),
      said(`ebpf:${uid}:0:${uid}:0`),
    ]);
    expect(answer.json['accepted']).toBe(1);
    expect(answer.json['refused']).toMatchObject([
      { index: 1, code: 'CLAIM_OUTSIDE_GRANT' },
      { index: 2, code: 'CLAIM_OUTSIDE_GRANT' },
      { index: 3, code: 'CLAIM_OUTSIDE_GRANT' },
    ]);
    const [record] = await logged();
    expect(record?.header).toMatchObject({ trust: 'sandbox', sandbox: uid });
  });

  test('records a claim outside the grant as an event about the claimant', async () => {
    const inside = client(bed.enrol(`sandbox:${uid}`));
    const claim = execBody(0, { stream: `sender:${uid}:0:${other}:0` }).replace(
      'process.exec',
      'agent.message',
    );
    await inside.records([claim, ...Array.from({ length: 5 }, () => execBody(1))]);
    const recorded = async () =>
      (await logged()).filter(({ body }) => body['kind'] === 'control.refused');
    await expect.poll(recorded).toHaveLength(2);
    const refusals = await recorded();
    expect(refusals.map(({ body }) => [body['code'], body['count'], body['seq']])).toContainEqual([
      'KIND_NOT_GRANTED',
      5,
      expect.any(String),
    ]);
    expect(refusals[0]?.header).toMatchObject({
      sandbox: uid,
      trust: 'host',
      credential: 'gateway',
    });
  });

  test('answers strangers, wrong paths and bad requests with the catalogue', async () => {
    const expectError = (
      answer: Awaited<ReturnType<typeof register>>,
      status: number,
      code: string,
    ) => {
      expect(answer.json).toMatchObject({
        error: { code, message: expect.any(String), remedy: expect.any(String) },
      });
      expect(answer.status).toBe(status);
    };
    expectError(await client('st_000000000000_wrong').records([execBody(0)]), 401, 'TOKEN_UNKNOWN');
    const right = bed.enrol('host:node-1');
    const wrong = `${right.slice(0, -1)}${right.endsWith('A') ? 'B' : 'A'}`;
    expectError(await client(wrong).records([execBody(0)]), 401, 'TOKEN_UNKNOWN');
    const post = { method: 'POST', path: '/v1/records' };
    const cut = encodeRecordBatch([{ body: Buffer.from(execBody(0)), erasable: Buffer.alloc(0) }]);
    expectError(
      await host.request({ ...post, type: recordBatchType, body: cut.subarray(0, -2) }),
      400,
      'BATCH_MALFORMED',
    );
    expectError(
      await host.request({ ...post, type: 'application/json', body: Buffer.from('{}') }),
      400,
      'REQUEST_INVALID',
    );
    expectError(await host.request({ method: 'GET', path: '/v2' }), 404, 'REQUEST_INVALID');
    expectError(await register({ uid: 'NOT A UID', incarnation: 0 }), 400, 'REQUEST_INVALID');
    expectError(await register({ uid: 'host-evil01', incarnation: 0 }), 403, 'CLAIM_OUTSIDE_GRANT');
    const inside = client(bed.enrol(`sandbox:${uid}`));
    expectError(await register({ uid: other, incarnation: 0 }, inside), 403, 'GRANT_MISSING');
    const rival = client(bed.enrol('host:node-2'));
    expectError(await register({ uid, incarnation: 1 }, rival), 403, 'CLAIM_OUTSIDE_GRANT');
    const remove = { method: 'DELETE', path: `/v1/sandboxes/${other}/0` };
    expectError(await host.request(remove), 404, 'SANDBOX_UNKNOWN');
    await host.request({ ...remove, path: `/v1/sandboxes/${uid}/0` });
    expectError(await register({ uid, incarnation: 0 }), 409, 'SANDBOX_ENDED');
    expect((await register({ uid, incarnation: 1 })).status).toBe(200);
    const health = await client('none').request({ method: 'GET', path: '/v1/health' });
    expect(health).toMatchObject({ status: 200, json: { status: 'ok', node: 'node-1' } });
  });

  test('refuses a batch over 8 MiB before it has read it', async () => {
    const body = Buffer.alloc(8 * 1_048_576 + 1);
    const answer = await host.request({
      method: 'POST',
      path: '/v1/records',
      type: recordBatchType,
      body,
    });
    expect(answer).toMatchObject({ status: 413, json: { error: { code: 'BATCH_OVERSIZE' } } });
    expect((await host.records([execBody(0)])).status).toBe(200);
  });

  test('takes spooled records about a sandbox that has ended, also after a restart', async () => {
    const token = bed.enrol('host:node-1');
    const gone = await host.request({ method: 'DELETE', path: `/v1/sandboxes/${uid}/0` });
    expect(gone.status).toBe(200);
    expect((await host.records([execBody(0)])).json).toMatchObject({ accepted: 1 });
    await bed.stop();
    bed = await openTestbed({ dir: bed.dir });
    const again = client(token);
    expect((await again.records([execBody(1)])).json).toMatchObject({ accepted: 1 });
    expect(await logged()).toHaveLength(2);
  });

  test('keeps the directory of a sandbox’s socket over a restart and removes it at its end', async () => {
    const { json } = await register({ uid, incarnation: 0 });
    const directory = `${json['directory']}`;
    const { ino } = statSync(directory);
    const token = bed.enrol('host:node-1');
    await bed.stop();
    bed = await openTestbed({ dir: bed.dir });
    expect(statSync(directory).ino).toBe(ino);
    const socket = connect(path.join(directory, 'gateway.sock'));
    await once(socket, 'connect');
    socket.destroy();
    await client(token).request({ method: 'DELETE', path: `/v1/sandboxes/${uid}/0` });
    expect(existsSync(directory)).toBe(false);
  });

  test('writes a tick into every partition, numbered without holes', async () => {
    for (let partition = 0; partition < 4; partition += 1) {
      const place = { topic: 'events', partition } as const;
      const ticks = (await readAll(bed.bus, place)).filter(
        ({ body }) => body['kind'] === 'control.tick',
      );
      expect(ticks.map(({ body }) => body['seq'])).toEqual(['0']);
      expect(ticks[0]?.body['stream']).toBe(`tick-${partition}:node-1:1:control-log:0`);
    }
  });

  test('gives services in this process a way into the log', async () => {
    const shipper = bed.gateway.shipper('responder');
    const body = (stream: string) =>
      Buffer.from(
        JSON.stringify({
          kind: 'control.audit',
          v: 1,
          stream,
          seq: '0',
          observedAtNs: '1790000000000000000',
          actor: 'alice',
          act: 'approve',
          detail: '',
          outcome: 'done',
        }),
      );
    const erasable = Buffer.alloc(0);
    const { signal } = new AbortController();
    const refused = await shipper.ship(
      [
        { body: body('responder:node-1:1:control-log:0'), erasable },
        { body: body('ebpf:node-1:1:control-log:0'), erasable },
      ],
      signal,
    );
    expect(refused).toMatchObject([{ index: 1, code: 'CLAIM_OUTSIDE_GRANT' }]);
    const control = await readAll(bed.bus, { topic: 'control', partition: 0 });
    expect(control.at(-1)?.header).toMatchObject({
      credential: 'service-responder',
      trust: 'host',
    });
  });
});
