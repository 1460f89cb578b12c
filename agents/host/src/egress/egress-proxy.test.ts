import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { listenOnLoopback, startEgressRig } from './egress-rig.ts';

interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: readonly string[];
  readonly body: string;
}

async function startOrigin() {
  const got: Got[] = [];
  const read = async (request: IncomingMessage) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    got.push({ method: request.method, url: request.url, headers: request.rawHeaders, body });
  };
  const server = createServer((request, response) => {
    void read(request).then(() => {
      response.setHeader('Proxy-Trap', 'x');
      if (request.url === '/moved') response.writeHead(302, { Location: 'http://evil.test/' });
      response.end(`you asked for ${request.url}`);
    });
  });
  server.on('upgrade', (request, socket) => {
    got.push({ method: request.method, url: request.url, headers: request.rawHeaders, body: '' });
    socket.on('error', () => socket.destroy());
    if (request.url === '/declined') socket.end('HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\nno');
    else {
      socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    }
  });
  return { ...(await listenOnLoopback(server)), got };
}

async function startHttpRig(limits: Parameters<typeof startEgressRig>[0]['limits'] = {}) {
  const origin = await startOrigin();
  const host = `good.test:${origin.port}`;
  const rig = await startEgressRig({
    allow: [host, 'good.test:80'],
    declared: { 'good.test': '127.0.0.1' },
    limits: { lingerMs: 200, ...limits },
  });
  const ask = (line: string, headers: readonly string[] = [`Host: ${host}`], body = '') =>
    rig.exchange([line, ...headers, 'Connection: close', '', body].join('\r\n'));
  const dispose = async () => {
    await rig.proxy.close();
    await origin[Symbol.asyncDispose]();
  };
  return { ...rig, origin, host, ask, [Symbol.asyncDispose]: dispose };
}

describe('a plain request', () => {
  test('is forwarded with its canonical Host and without headers of one hop', async () => {
    await using rig = await startHttpRig();
    const answer = await rig.ask(
      `POST http://GOOD.test.:${rig.origin.port}/a?b=c HTTP/1.1`,
      [
        `Host: ${rig.host}`,
        'Proxy-Authorization: Basic eDp5',
        'Connection: close, X-Hop',
        'X-Hop: 1',
        'TE: trailers',
        'X-Kept: 1',
        'Content-Length: 4',
      ],
      'body',
    );
    expect(answer).toContain('you asked for /a?b=c');
    expect(answer).not.toContain('Proxy-Trap');
    const [got] = rig.origin.got;
    expect(got).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'body' });
    expect(got?.headers).toEqual([
      'Host',
      rig.host,
      'X-Kept',
      '1',
      'Content-Length',
      '4',
      'Connection',
      'close',
    ]);
    expect(rig.seen('network.http')[0]).toMatchObject({
      method: 'POST',
      host: 'good.test',
      port: rig.origin.port,
      path: '/a?b=c',
      status: 200,
      address: '127.0.0.1',
    });
    expect(rig.seen('network.http')[0]?.headerNames).toContain('proxy-authorization');
    expect(rig.seen('network.http')[0]?.bytesOut).toBeGreaterThan(60);
  });

  test('is decided anew on a kept connection, also when it was pipelined', async () => {
    await using rig = await startHttpRig();
    const request = (host: string, path: string, last = '') =>
      `GET http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\n${last}\r\n`;
    const answer = await rig.exchange(
      request(rig.host, '/1') +
        request('evil.test', '/2') +
        request(rig.host, '/3', 'Connection: close\r\n'),
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
    expect(rig.seen('network.denied')[0]).toMatchObject({ host: 'evil.test', path: '/2' });
  });

  test('that is still under way lets no CONNECT follow it on the same connection', async () => {
    await using rig = await startHttpRig();
    const answer = await rig.exchange(
      `GET http://${rig.host}/1 HTTP/1.1\r\nHost: ${rig.host}\r\n\r\n` +
        `CONNECT ${rig.host} HTTP/1.1\r\nHost: ${rig.host}\r\n\r\n`,
    );
    expect(answer).toBe('');
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'malformed_request' });
  });

  test('gets the redirect itself, which the proxy does not follow', async () => {
    await using rig = await startHttpRig();
    expect(await rig.ask(`GET http://${rig.host}/moved HTTP/1.1`)).toContain('302 Found');
    expect(rig.origin.got).toHaveLength(1);
  });

  test.each([
    ['a Host of another server', (host: string) => [`Host: evil.test`, `X: ${host}`]],
    ['a Host with another port', () => ['Host: good.test']],
    ['two Hosts', (host: string) => [`Host: ${host}`, 'Host: evil.test']],
    ['two equal Hosts', (host: string) => [`Host: ${host}`, `Host: ${host}`]],
    ['a Host with user info', (host: string) => [`Host: evil@${host}`]],
  ])('with %s is refused', async (_what, headers) => {
    await using rig = await startHttpRig();
    const answer = await rig.ask(`GET http://${rig.host}/ HTTP/1.1`, headers(rig.host));
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*X-Sandtrail-Denied: host_mismatch/);
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'host_mismatch' });
    expect(rig.origin.got).toEqual([]);
  });

  test.each([
    ['both lengths', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 4']],
    ['a folded header', ['X-A: b\r\n c']],
    ['another coding', ['Transfer-Encoding: gzip, chunked']],
    ['a coding that only looks chunked', ['Transfer-Encoding: xchunked']],
    ['a space before the colon', ['X-A : b']],
    ['a bare carriage return', ['X-A: b\rc']],
    ['a NUL', ['X-A: b\0c']],
  ])('that could be read in two ways is refused: %s', async (_what, headers) => {
    await using rig = await startHttpRig();
    const all = [`Host: ${rig.host}`, ...headers];
    const answer = await rig.ask(`POST http://${rig.host}/ HTTP/1.1`, all, '0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'malformed_request' });
    expect(rig.origin.got).toEqual([]);
  });

  test.each([
    ['origin form', '/'],
    ['asterisk form', '*'],
    ['https in absolute form', 'https://good.test/'],
    ['a fragment in the authority', 'http://good.test#@evil.test/'],
    ['a backslash in the authority', 'http://good.test\\@evil.test/'],
  ])('in %s is refused', async (_what, target) => {
    await using rig = await startHttpRig();
    expect(await rig.ask(`GET ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'malformed_request' });
  });

  test('whose head is huge is refused and counted as a limit', async () => {
    await using rig = await startHttpRig();
    const headers = [`Host: ${rig.host}`, `X-Big: ${'a'.repeat(20_000)}`];
    const answer = await rig.ask(`GET http://${rig.host}/ HTTP/1.1`, headers);
    expect(answer).toContain('X-Sandtrail-Denied: limit');
    expect(rig.counters.snapshot()['egress.denied{limit}']).toBe(1);
  });

  test('keeps a long path whole upstream and clipped in the record', async () => {
    await using rig = await startHttpRig();
    const path = `/${'p'.repeat(6000)}`;
    await rig.ask(`GET http://${rig.host}${path} HTTP/1.1`);
    expect(rig.origin.got[0]?.url).toBe(path);
    const [seen] = rig.seen('network.http');
    expect(seen?.path).toHaveLength(4096);
    expect(seen?.raw?.[0]).toMatchObject({ field: 'path', sizeBytes: 6001 });
  });
});

describe('an authority', () => {
  test.each([
    ['good.test@evil.test:443', 'malformed_authority'],
    ['good.test', 'malformed_authority'],
    ['good.test:0', 'malformed_authority'],
    ['good.test:65536', 'malformed_authority'],
    ['good.test:443:80', 'malformed_authority'],
    ['http://good.test:443/', 'malformed_authority'],
    ['2130706433:443', 'private_address'],
    ['0x7f000001:443', 'private_address'],
    ['0177.0.0.1:443', 'private_address'],
    ['127.1:443', 'private_address'],
    ['10.0.0.1:443', 'private_address'],
    ['[::1]:443', 'private_address'],
    ['[::ffff:127.0.0.1]:443', 'private_address'],
    ['[64:ff9b::7f00:1]:443', 'private_address'],
    ['[2002:7f00:1::]:443', 'private_address'],
    ['[::127.0.0.1]:443', 'private_address'],
    ['8.8.8.8:443', 'ip_literal'],
    ['134744072:443', 'ip_literal'],
    ['[2001:4860:4860::8888]:443', 'ip_literal'],
    ['evil.test:443', 'not_allowed'],
    ['good.test:22', 'not_allowed'],
    ['good.test.evil.test:80', 'not_allowed'],
  ])('%s is refused as %s', async (authority, reason) => {
    await using rig = await startEgressRig({ allow: ['good.test:80'], limits: { lingerMs: 100 } });
    const { socket, answer, received } = await rig.tunnel(authority);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain(`X-Sandtrail-Denied: ${reason}`);
    await expect.poll(received).toContain('This denial is recorded');
    expect(rig.seen('network.denied')[0]).toMatchObject({ destination: authority, reason });
    socket.destroy();
  });

  test.each(['good#x:443', 'good\\@evil:443', 'g\xef\xbc\x8e.test:443', 'good test:443'])(
    '%s is refused by the parser itself',
    async (authority) => {
      await using rig = await startEgressRig({ allow: ['good:443'], limits: { lingerMs: 100 } });
      const { answer, socket } = await rig.tunnel(authority);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'malformed_request' });
      socket.destroy();
    },
  );
});

describe('an upgrade', () => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];

  test('to a WebSocket at an allowed destination becomes a flow', async () => {
    await using rig = await startHttpRig();
    const socket = connect(rig.proxy.port, '127.0.0.1');
    const head = [`GET http://${rig.host}/ws HTTP/1.1`, `Host: ${rig.host}`, ...upgrade, '', ''];
    socket.write(head.join('\r\n'));
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 101 /);
    socket.write('frame');
    expect(String(await once(socket, 'data'))).toBe('frame');
    expect(rig.proxy.openFlows()).toBe(1);
    socket.end();
    await expect.poll(() => rig.seen('network.flow')).toHaveLength(1);
    expect(rig.seen('network.http')[0]).toMatchObject({ path: '/ws', status: 101 });
  });

  test('that is not allowed, or names another Host, is refused', async () => {
    await using rig = await startHttpRig();
    const denied = await rig.ask('GET http://evil.test/ HTTP/1.1', ['Host: evil.test', ...upgrade]);
    expect(denied).toContain('X-Sandtrail-Denied: not_allowed');
    const other = await rig.ask(`GET http://${rig.host}/ HTTP/1.1`, [
      'Host: evil.test',
      ...upgrade,
    ]);
    expect(other).toContain('X-Sandtrail-Denied: host_mismatch');
    expect(rig.origin.got).toEqual([]);
  });

  test('that the destination declines gives the client its answer', async () => {
    await using rig = await startHttpRig();
    const headers = [`Host: ${rig.host}`, ...upgrade];
    const answer = await rig.ask(`GET http://${rig.host}/declined HTTP/1.1`, headers);
    expect(answer).toMatch(/^HTTP\/1\.1 418 [\s\S]*no$/);
    await expect.poll(() => rig.proxy.openFlows()).toBe(0);
  });

  test('to HTTP/2 is served as the plain request that it also is', async () => {
    await using rig = await startHttpRig();
    const headers = [`Host: ${rig.host}`, 'Connection: Upgrade', 'Upgrade: h2c'];
    expect(await rig.ask(`GET http://${rig.host}/h2 HTTP/1.1`, headers)).toContain('200 OK');
    expect(rig.origin.got[0]?.headers).not.toContain('Upgrade');
  });
});

describe('containment', () => {
  test('cuts every flow at both ends and refuses what comes after', async () => {
    await using sink = await listenOnLoopback();
    await using rig = await startEgressRig({
      allow: [`good.test:${sink.port}`],
      declared: { 'good.test': '127.0.0.1' },
      limits: { lingerMs: 100 },
    });
    const tunnels = await Promise.all([1, 2, 3].map(() => rig.tunnel(`good.test:${sink.port}`)));
    for (const { socket } of tunnels) socket.write('x'.repeat(1000));
    await expect.poll(() => sink.sockets.size).toBe(3);
    await delay(20);
    const ended = [...tunnels.map(({ socket }) => socket), ...sink.sockets].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const socket of sink.sockets) socket.resume();
    expect(rig.proxy.denyAll()).toBe(3);
    expect(rig.proxy.openFlows()).toBe(0);
    await Promise.all(ended);
    const { answer } = await rig.tunnel(`good.test:${sink.port}`);
    expect(answer).toContain('X-Sandtrail-Denied: contained');
    expect(rig.seen('network.flow').map((flow) => flow.ended)).toEqual(Array(3).fill('contained'));
    expect(rig.seen('network.flow')[0]?.bytesOut).toBe(1000);
    rig.proxy.allowAll();
    expect((await rig.tunnel(`good.test:${sink.port}`)).answer).toMatch(/ 200 /);
  });

  test('reaches a flow that is still being resolved', async () => {
    const gate = Promise.withResolvers<readonly string[]>();
    await using sink = await listenOnLoopback();
    await using rig = await startEgressRig({
      allow: [`good.test:${sink.port}`],
      declared: { 'good.test': '127.0.0.1' },
      lookup: () => gate.promise,
    });
    const waiting = rig.tunnel(`good.test:${sink.port}`);
    await expect.poll(() => rig.proxy.openFlows()).toBe(1);
    expect(rig.proxy.denyAll()).toBe(1);
    gate.resolve(['127.0.0.1']);
    expect((await waiting).answer).toBe('');
    await delay(30);
    expect(sink.sockets.size).toBe(0);
    expect(rig.seen('network.denied')[0]).toMatchObject({ reason: 'contained' });
  });
});

describe('limits', () => {
  test('end idle flows, long flows and heads that never end', async () => {
    await using sink = await listenOnLoopback();
    await using rig = await startEgressRig({
      allow: [`good.test:${sink.port}`],
      declared: { 'good.test': '127.0.0.1' },
      limits: { idleMs: 60, sweepMs: 20, headMs: 100 },
    });
    const { socket } = await rig.tunnel(`good.test:${sink.port}`);
    socket.resume();
    await once(socket, 'close');
    expect(rig.seen('network.flow')[0]).toMatchObject({ ended: 'timeout' });
    await rig.exchange('GET http://good.test/ HTTP/1.1\r\n');
  });

  test('bound the connections of a sandbox and the denials that are told one by one', async () => {
    await using rig = await startEgressRig({
      allow: ['good.test:80'],
      limits: { connectionsMax: 2, denialsPerSecondMax: 5, lingerMs: 100 },
    });
    const held = [1, 2].map(() => connect(rig.proxy.port, '127.0.0.1'));
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await delay(20);
    expect(await rig.exchange('GET http://good.test/ HTTP/1.1\r\n\r\n')).toBe('');
    for (const socket of held) socket.destroy();
    await delay(20);
    for (let at = 0; at < 20; at += 1)
      await rig.exchange('GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n');
    await rig.proxy.close();
    const denials = rig.seen('network.denied');
    expect(denials.length).toBeLessThan(10);
    const counted = denials.reduce((sum, denial) => sum + (denial.repeats ?? 1), 0);
    expect(counted).toBe(21);
    expect(rig.counters.snapshot()['egress.denied{not_allowed}']).toBe(20);
  });
});
