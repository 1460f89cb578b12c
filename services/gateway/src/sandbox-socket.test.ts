import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { partitionOf } from '@sandtrail/detection/partition';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { connectClient, openTestbed, readAll, type Testbed, type TestClient } from './testbed.ts';

const uid = 'sbx-alpha01';
const other = 'sbx-bravo02';
const Answer = z.looseObject({ n: z.number().optional() });

describe('a sandbox’s socket', () => {
  let bed: Testbed;
  let host: TestClient;
  const sockets: Socket[] = [];
  const open = async (sandbox: string) => {
    const { json } = await host.request({
      method: 'POST',
      path: '/v1/sandboxes',
      type: 'application/json',
      body: Buffer.from(JSON.stringify({ uid: sandbox, incarnation: 0 })),
    });
    return `${json['socketPath']}`;
  };
  const dial = (path: string) => {
    const socket = connect(path);
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    return socket;
  };
  const ask = async (
    socket: Socket,
    lines: readonly (string | Buffer)[],
    answers = lines.length,
  ) => {
    const read: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      createInterface({ input: socket }).on('line', (line) => {
        read.push(Answer.parse(JSON.parse(line)));
        if (read.length === answers) resolve();
      });
    });
    for (const line of lines) socket.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
    await answered;
    return read;
  };
  const call = (n: number, fields: object = {}) =>
    JSON.stringify({ n, kind: 'tool.call', tool: 'bash', callId: `c${n}`, input: 'ls', ...fields });
  const logged = async (sandbox: string) => {
    const place = { topic: 'events', partition: partitionOf(sandbox, { partitions: 4 }) } as const;
    const kitKinds = /^collector\.(?:started|heartbeat|stopped)$/;
    return (await readAll(bed.bus, place))
      .filter(({ header }) => header['sandbox'] === sandbox)
      .filter(({ body }) => !kitKinds.test(`${body['kind']}`));
  };

  beforeEach(async () => {
    bed = await openTestbed({ config: { limits: { linesPerSecond: 400, linesBurst: 100 } } });
    host = connectClient(bed.gateway.socketPath, bed.enrol('host:node-1'));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    host.close();
    await bed.remove();
  });

  test('takes lines as claims of its own sandbox, and answers each', async () => {
    const answers = await ask(dial(await open(uid)), [call(0), call(1, { sandbox: uid })]);
    expect(answers).toEqual([
      { n: 0, ok: true },
      { n: 1, ok: true },
    ]);
    await expect.poll(() => logged(uid)).toHaveLength(2);
    const records = await logged(uid);
    expect(records.map(({ body }) => [body['kind'], body['seq']])).toEqual([
      ['tool.call', '1'],
      ['tool.call', '2'],
    ]);
    expect(records[0]?.header).toMatchObject({ trust: 'sandbox', sandbox: uid, tenant: 'acme' });
  });

  test('redacts what it takes and cuts what is too long, before it is in the log', async () => {
    const secret = `AKIA${'Z7QX3MNB5KTW2RLD'}`;
    const long = 'ls '.repeat(40_000);
    await ask(dial(await open(uid)), [
      call(0, { input: `export AWS_ACCESS_KEY_ID=${secret}` }),
      call(1, { input: long }),
    ]);
    await expect.poll(() => logged(uid)).toHaveLength(2);
    const [masked, cut] = await logged(uid);
    expect(masked?.bodyText).not.toContain(secret);
    expect(masked?.body['redactions']).toMatchObject([{ field: 'input', class: 'secret' }]);
    expect(cut?.body['raw']).toMatchObject([{ field: 'input', sizeBytes: long.length }]);
  });

  test('opens and closes the stream of its senders with signed statements', async () => {
    await ask(dial(await open(uid)), [call(0)]);
    await host.request({ method: 'DELETE', path: `/v1/sandboxes/${uid}/0` });
    const place = { topic: 'events', partition: partitionOf(uid, { partitions: 4 }) } as const;
    const kindsOf = async () =>
      (await readAll(bed.bus, place))
        .filter(({ header }) => header['sandbox'] === uid)
        .map(({ body, header }) => `${body['kind']} ${header['trust']}`);
    await expect
      .poll(kindsOf)
      .toEqual(['collector.started host', 'tool.call sandbox', 'collector.stopped host']);
  });

  test('refuses another sandbox’s name, and records the claim about the claimant', async () => {
    await open(other);
    const [answer] = await ask(dial(await open(uid)), [call(0, { sandbox: other })]);
    expect(answer).toMatchObject({ n: 0, error: { code: 'CLAIM_OUTSIDE_GRANT' } });
    const refused = async () =>
      (await logged(uid)).find(({ body }) => body['kind'] === 'control.refused')?.body;
    await expect.poll(refused).toMatchObject({
      code: 'CLAIM_OUTSIDE_GRANT',
      claimedSandbox: other,
      claimedKind: 'tool.call',
      count: 1,
    });
    expect(await logged(other)).toEqual([]);
  });

  test('answers every kind of bad line with a code and goes on', async () => {
    const answers = await ask(dial(await open(uid)), [
      'not json',
      '[]',
      '{"kind":"tool.call"}',
      Buffer.from([0xff]),
      call(0, { kind: 'process.exec' }),
      call(1, { input: 5 }),
      call(2, { trust: 'kernel' }),
      '{"n":3,"kind":"tool.call","tool":"a","callId":"c","input":"\\ud800"}',
      `{"n":4,"kind":"tool.call","x":${'['.repeat(50_000)}`,
      'x'.repeat(300_000),
      call(5, { input: 'NUL \u0000 and \u001b[31m' }),
      call(5),
    ]);
    const codes = answers.map(
      (answer) =>
        z.object({ error: z.object({ code: z.string() }) }).safeParse(answer).data?.error.code,
    );
    expect(codes).toEqual([
      'LINE_MALFORMED',
      'LINE_MALFORMED',
      'LINE_MALFORMED',
      'LINE_MALFORMED',
      'KIND_NOT_GRANTED',
      'BODY_INVALID',
      'BODY_INVALID',
      'BODY_INVALID',
      'LINE_MALFORMED',
      'LINE_OVERSIZE',
      undefined,
      'COUNTER_REPEATED',
    ]);
  });

  test('tells of the holes in a sender’s counter and of the lines that it refused', async () => {
    await ask(dial(await open(uid)), [call(0), call(10), 'nonsense']);
    const gapsOf = async () =>
      (await logged(uid)).filter(({ body }) => body['kind'] === 'collector.gap');
    await expect.poll(gapsOf, { timeout: 5000 }).toHaveLength(2);
    const gaps = await gapsOf();
    expect(gaps.map(({ body }) => [body['reason'], body['count']]).toSorted()).toEqual([
      ['malformed', '1'],
      ['ring_full', '9'],
    ]);
    expect(gaps[0]?.header).toMatchObject({ trust: 'host' });
  });

  test('slows a flood down without losing a line, and disturbs no other sandbox', async () => {
    const [flooded, calm] = [await open(uid), await open(other)];
    const count = 300;
    const flood = ask(
      dial(flooded),
      Array.from({ length: count }, (_, n) => call(n)),
    );
    const started = performance.now();
    expect(await ask(dial(calm), [call(0)])).toEqual([{ n: 0, ok: true }]);
    expect(performance.now() - started).toBeLessThan(400);
    expect(await flood).toHaveLength(count);
    expect(performance.now() - started).toBeGreaterThan(300);
    await expect.poll(async () => (await logged(uid)).length, { timeout: 5000 }).toBe(count);
  });

  test('bounds a sandbox’s connections and survives those that break off', async () => {
    const path = await open(uid);
    const held = Array.from({ length: 64 }, () => dial(path));
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const extra = dial(path);
    await once(extra, 'close');
    for (const socket of held) {
      socket.write('{"n":0,"kind');
      socket.destroy();
    }
    await delay(20);
    expect(await ask(dial(path), [call(0)])).toEqual([{ n: 0, ok: true }]);
  });

  test('reads no more from a sender that does not read its answers', async () => {
    const socket = dial(await open(uid));
    await once(socket, 'connect');
    socket.pause();
    const line = Buffer.from('x\n'.repeat(1000));
    let written = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      if (!socket.write(line)) break;
      written += line.length;
      await delay(1);
    }
    expect(written).toBeLessThan(1_000_000);
    expect(await ask(dial(await open(other)), [call(0)])).toEqual([{ n: 0, ok: true }]);
  });
});
