import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientHelloReader, type Hello, helloSizeBytesMax } from './client-hello.ts';
import { listenOnLoopback } from './egress-rig.ts';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const block = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);
const extension = (type: number, content: Buffer) => Buffer.concat([u16(type), block(content)]);

function serverName(name: string, type = 0): Buffer {
  const entry = Buffer.concat([Buffer.from([type]), block(Buffer.from(name, 'latin1'))]);
  return extension(0, block(entry));
}

function message(extensions: readonly Buffer[] | undefined): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    block(Buffer.from([0x13, 0x01])),
    Buffer.from([1, 0]),
    ...(extensions === undefined ? [] : [block(Buffer.concat(extensions))]),
  ]);
  return Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
}

function records(bytes: Buffer, sizeBytes = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += sizeBytes)
    parts.push(Buffer.from([22, 3, 1]), block(bytes.subarray(at, at + sizeBytes)));
  return Buffer.concat(parts);
}

function read(bytes: Buffer, splits: readonly number[] = []): Hello {
  const reader = new ClientHelloReader();
  const ends = [...splits.map((at) => at % bytes.length), bytes.length].sort((a, b) => a - b);
  let from = 0;
  let hello: Hello = { state: 'incomplete' };
  for (const to of ends) {
    hello = reader.push(bytes.subarray(from, to));
    from = to;
  }
  return hello;
}

const named = records(message([serverName('Good.Test'), extension(16, Buffer.from('h2'))]));
const complete = (name: string | undefined, encrypted = false) => ({
  state: 'complete',
  serverName: name,
  encrypted,
});

describe('a ClientHello', () => {
  test('names its server in lower case', () => {
    expect(read(named)).toEqual(complete('good.test'));
  });

  test('may name none, with or without extensions', () => {
    expect(read(records(message([])))).toEqual(complete(undefined));
    expect(read(records(message(undefined)))).toEqual(complete(undefined));
  });

  test.each([0xfe0d, 0xff02, 0xff03, 0xff08, 0xffce])('is encrypted by extension %i', (type) => {
    const hello = records(message([serverName('good.test'), extension(type, Buffer.alloc(8))]));
    expect(read(hello)).toEqual(complete('good.test', true));
  });

  test('is the same whatever the records and the split', () => {
    const plain = message([serverName('good.test'), extension(51, Buffer.alloc(1200))]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (size, splits) => {
          expect(read(records(plain, size), splits)).toEqual(complete('good.test'));
        },
      ),
    );
  });

  test('of 64 kB that comes byte by byte costs linear time', () => {
    const long = records(
      message([serverName('good.test'), extension(21, Buffer.alloc(60_000))]),
      1,
    );
    const reader = new ClientHelloReader();
    const startedMs = performance.now();
    let last: Hello = { state: 'incomplete' };
    for (let at = 0; at < long.length; at += 1) last = reader.push(long.subarray(at, at + 1));
    expect(last).toEqual(complete('good.test'));
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  test('that claims more than the bound is too large at once', () => {
    const head = Buffer.from([22, 3, 1, 0x40, 0, 1, 1, 0, 1]);
    expect(helloSizeBytesMax).toBe(65_536);
    expect(read(head)).toEqual({ state: 'too_large' });
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1')],
    ['SSH', Buffer.from('SSH-2.0-x')],
    ['another handshake message', records(Buffer.from([2, 0, 0, 1, 0]))],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['an oversized record', Buffer.from([22, 3, 1, 0xff, 0xff])],
    ['SSLv2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['two server name extensions', records(message([serverName('a.b'), serverName('c.d')]))],
    ['another name type', records(message([serverName('a.b', 1)]))],
    ['an empty name', records(message([serverName('')]))],
    ['a name list that ends early', records(message([extension(0, Buffer.from([0, 9, 0]))]))],
    ['extensions that end early', records(message([Buffer.from([0, 0, 0, 9, 1])]))],
  ])('is not %s', (_what, bytes) => {
    expect(read(bytes)).toEqual({ state: 'not_tls' });
  });

  test('is never certain too early, and no bytes throw', () => {
    fc.assert(
      fc.property(fc.nat({ max: named.length - 1 }), (end) => {
        expect(read(named.subarray(0, end)).state).toBe('incomplete');
      }),
    );
    fc.assert(
      fc.property(
        fc.nat({ max: named.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const bent = Buffer.from(named);
          bent[at] = byte;
          expect(['incomplete', 'not_tls', 'too_large', 'complete']).toContain(read(bent).state);
        },
      ),
    );
  });

  test('of a real TLS client is read', async () => {
    await using server = await listenOnLoopback();
    const client = connectTls({ port: server.port, host: '127.0.0.1', servername: 'real.test' });
    client.on('error', () => client.destroy());
    await once(client, 'connect');
    const { promise, resolve } = Promise.withResolvers<Hello>();
    const reader = new ClientHelloReader();
    const timer = setInterval(() => {
      for (const socket of server.sockets) {
        const chunk: unknown = socket.read();
        const hello = Buffer.isBuffer(chunk) ? reader.push(chunk) : undefined;
        if (hello?.state === 'complete') resolve(hello);
      }
    }, 5);
    expect(await promise).toEqual(complete('real.test'));
    clearInterval(timer);
    client.destroy();
  });
});
