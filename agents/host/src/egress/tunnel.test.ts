import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { listenOnLoopback, startEgressRig } from './egress-rig.ts';

const key = Buffer.alloc(16, 1);
// A pre-shared key spares the tests a certificate; the hello is a real one all the same.
const psk = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;

function tlsServer() {
  const server = createTlsServer({ ...psk, pskCallback: () => key }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return listenOnLoopback(server);
}

function tlsOver(socket: Socket, servername?: string) {
  const client = connectTls({
    socket,
    ...psk,
    ...(servername === undefined ? {} : { servername }),
    pskCallback: () => ({ psk: key, identity: 'test' }),
    checkServerIdentity: () => undefined,
  });
  client.on('error', () => client.destroy());
  return client;
}

async function startTlsRig() {
  const server = await tlsServer();
  const authority = `good.test:${server.port}`;
  const rig = await startEgressRig({
    allow: [authority, `127.0.0.1:${server.port}`],
    declared: { 'good.test': '127.0.0.1' },
    tlsOnlyPorts: [server.port],
    limits: { helloMs: 300, lingerMs: 300 },
  });
  return {
    ...rig,
    server,
    authority,
    [Symbol.asyncDispose]: async () => {
      await rig.proxy.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('CONNECT', () => {
  test('splices TLS whose server name is the destination and records both ends', async () => {
    await using rig = await startTlsRig();
    const { socket, answer } = await rig.tunnel(rig.authority);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const tls = tlsOver(socket, 'good.test');
    tls.write('hello');
    expect(String(await once(tls, 'data'))).toBe('hello');
    expect(rig.proxy.openFlows()).toBe(1);
    tls.end();
    await once(socket, 'close');
    await expect.poll(() => rig.seen('network.flow')).toHaveLength(1);
    expect(rig.seen('network.http')[0]).toMatchObject({
      method: 'CONNECT',
      host: 'good.test',
      port: rig.server.port,
      sni: 'good.test',
      address: '127.0.0.1',
      status: 200,
    });
    const [flow] = rig.seen('network.flow');
    expect(flow).toMatchObject({ host: 'good.test', ended: 'closed' });
    expect(flow?.bytesOut).toBeGreaterThan(100);
    expect(flow?.bytesIn).toBeGreaterThan(100);
    expect(rig.proxy.openFlows()).toBe(0);
  });

  test('takes a hello that comes byte by byte', async () => {
    await using rig = await startTlsRig();
    const first = await rig.tunnel(rig.authority);
    const hello = await helloFor('good.test');
    for (const byte of hello) first.socket.write(Buffer.from([byte]));
    await expect.poll(() => rig.seen('network.http')).toMatchObject([{ sni: 'good.test' }]);
    expect(rig.seen('network.denied')).toEqual([]);
    first.socket.destroy();
  });

  test.each([
    ['another server name', 'evil.test', 'sni_mismatch'],
    ['no server name', undefined, 'sni_mismatch'],
  ])('refuses TLS with %s', async (_what, servername, reason) => {
    await using rig = await startTlsRig();
    const { socket, received } = await rig.tunnel(rig.authority);
    socket.write(await helloFor(servername));
    await once(socket, 'close');
    expect(received()).toBe('\x15\x03\x03\x00\x02\x02\x31');
    const [denied] = rig.seen('network.denied');
    expect(denied).toMatchObject({ protocol: 'connect', host: 'good.test', reason });
    expect(denied?.claimed).toBe(servername);
    await expect.poll(() => rig.seen('network.flow')[0]?.bytesOut).toBe(0);
    expect(rig.seen('network.http')).toEqual([]);
  });

  test('refuses an encrypted hello and anything that is not TLS where only TLS may be', async () => {
    await using rig = await startTlsRig();
    const encrypted = await rig.tunnel(rig.authority);
    encrypted.socket.write(withExtension(await helloFor('good.test'), 0xfe0d));
    await once(encrypted.socket, 'close');
    const plain = await rig.tunnel(rig.authority);
    plain.socket.write('GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n');
    await once(plain.socket, 'close');
    expect(rig.seen('network.denied').map(({ reason }) => reason)).toEqual([
      'encrypted_hello',
      'not_tls',
    ]);
  });

  test('closes a tunnel whose hello is never finished, or too large', async () => {
    await using rig = await startTlsRig();
    const slow = await rig.tunnel(rig.authority);
    slow.socket.write((await helloFor('good.test')).subarray(0, 40));
    await once(slow.socket, 'close');
    const large = await rig.tunnel(rig.authority);
    large.socket.write(Buffer.from([22, 3, 1, 0x40, 0, 1, 1, 0, 1]));
    await once(large.socket, 'close');
    const reasons = rig.seen('network.denied').map(({ reason }) => reason);
    expect(reasons).toEqual(['hello_timeout', 'limit']);
  });

  test('lets an address that the policy names take TLS without a server name only', async () => {
    await using rig = await startTlsRig();
    const authority = `127.0.0.1:${rig.server.port}`;
    const { socket } = await rig.tunnel(authority);
    const tls = tlsOver(socket);
    tls.write('hello');
    expect(String(await once(tls, 'data'))).toBe('hello');
    tls.destroy();
    const named = await rig.tunnel(authority);
    named.socket.write(await helloFor('good.test'));
    await once(named.socket, 'close');
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'sni_mismatch' });
  });

  test('off the TLS port splices what does not begin like TLS, whoever speaks first', async () => {
    await using server = await listenOnLoopback();
    await using rig = await startEgressRig({
      allow: [`good.test:${server.port}`],
      declared: { 'good.test': '127.0.0.1' },
    });
    const { socket, received } = await rig.tunnel(`good.test:${server.port}`);
    await expect.poll(() => server.sockets.size).toBe(1);
    const [upstream] = server.sockets;
    if (upstream === undefined) throw new Error('the proxy connected');
    upstream.write('SSH-2.0-server\r\n');
    await expect.poll(received).toBe('SSH-2.0-server\r\n');
    socket.write('SSH-2.0-client\r\n');
    expect(String((await once(upstream, 'data'))[0])).toBe('SSH-2.0-client\r\n');
    upstream.end('last words');
    await expect.poll(received).toMatch(/last words$/);
    socket.end();
    await expect.poll(() => rig.seen('network.flow')).toMatchObject([{ ended: 'closed' }]);

    const tls = await rig.tunnel(`good.test:${server.port}`);
    tls.socket.write(await helloFor('evil.test'));
    await once(tls.socket, 'close');
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'sni_mismatch' });
  });

  test('does not reach a name that resolves to an undeclared private address', async () => {
    const answers = [['93.184.215.14'], ['93.184.215.14', '10.0.0.1'], ['64:ff9b::a00:1'], []];
    for (const answer of answers.slice(1)) {
      await using rig = await startEgressRig({
        allow: ['rebind.test:443'],
        names: { 'rebind.test': answer },
      });
      const { answer: head } = await rig.tunnel('rebind.test:443');
      const reason = answer.length === 0 ? 'unresolved' : 'private_address';
      expect(head).toContain(`X-Sandtrail-Denied: ${reason}`);
      expect(rig.seen('network.denied')[0]).toMatchObject({ host: 'rebind.test', reason });
    }
  });

  test('resolves once for each connection and dials only what it judged', async () => {
    await using server = await listenOnLoopback();
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let asked = 0;
    await using rig = await startEgressRig({
      allow: [`good.test:${server.port}`],
      declared: { 'good.test': '127.0.0.1' },
      lookup: async () => answers[Math.min(asked++, 1)] ?? [],
    });
    const first = await rig.tunnel(`good.test:${server.port}`);
    expect(first.answer).toMatch(/ 200 /);
    expect(asked).toBe(1);
    const second = await rig.tunnel(`good.test:${server.port}`);
    expect(second.answer).toContain('X-Sandtrail-Denied: private_address');
  });

  test('says upstream when nothing listens there', async () => {
    await using rig = await startEgressRig({
      allow: ['good.test:1'],
      declared: { 'good.test': '127.0.0.1' },
    });
    const { answer } = await rig.tunnel('good.test:1');
    expect(answer).toMatch(/^HTTP\/1\.1 502 [\s\S]*X-Sandtrail-Denied: upstream/);
  });
});

/** The first flight of a real client. */
async function helloFor(servername: string | undefined): Promise<Buffer> {
  await using server = await listenOnLoopback();
  const options = servername === undefined ? {} : { servername };
  const client = connectTls({ port: server.port, host: '127.0.0.1', ...options });
  client.on('error', () => client.destroy());
  await expect.poll(() => server.sockets.size).toBe(1);
  const [socket] = server.sockets;
  if (socket === undefined) throw new Error('the client connected');
  await delay(20);
  const chunk: unknown = socket.read();
  client.destroy();
  if (!Buffer.isBuffer(chunk)) throw new Error('the client said hello');
  return chunk;
}

/** Appends an empty extension and mends the four lengths around it. */
function withExtension(hello: Buffer, type: number): Buffer {
  const bent = Buffer.concat([hello, Buffer.from([type >> 8, type & 255, 0, 0])]);
  bent.writeUInt16BE(bent.readUInt16BE(3) + 4, 3);
  bent.writeUIntBE(bent.readUIntBE(6, 3) + 4, 6, 3);
  const session = 9 + 34;
  const ciphers = session + 1 + bent.readUInt8(session);
  const compression = ciphers + 2 + bent.readUInt16BE(ciphers);
  const extensions = compression + 1 + bent.readUInt8(compression);
  bent.writeUInt16BE(bent.readUInt16BE(extensions) + 4, extensions);
  return bent;
}
