import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, test } from 'vitest';
import { type EgressRig, listenOnLoopback, startEgressRig } from './egress-rig.ts';

// Client, proxy and destination share this process and its core: what a proxy does alone is more.
const options = { time: 3000, warmupTime: 300 };
const chunk = Buffer.alloc(65_536);
const transferBytes = 64 * 1024 * 1024;

let rig: EgressRig;
let origin: Awaited<ReturnType<typeof listenOnLoopback>>;
let sink: Awaited<ReturnType<typeof listenOnLoopback>>;

beforeAll(async () => {
  origin = await listenOnLoopback(
    createHttpServer((_request, response) => {
      response.end('ok');
    }),
  );
  sink = await listenOnLoopback(createServer((socket) => socket.on('data', acknowledge(socket))));
  rig = await startEgressRig({
    allow: [`good.test:${origin.port}`, `good.test:${sink.port}`],
    declared: { 'good.test': '127.0.0.1' },
  });
});

afterAll(async () => {
  await rig.proxy.close();
  await origin[Symbol.asyncDispose]();
  await sink[Symbol.asyncDispose]();
});

/** Answers with one byte for each whole transfer. */
function acknowledge(socket: Socket) {
  let sizeBytes = 0;
  return (bytes: Buffer) => {
    sizeBytes += bytes.length;
    if (sizeBytes < transferBytes) return;
    sizeBytes -= transferBytes;
    socket.write('.');
  };
}

async function ask(): Promise<void> {
  const host = `good.test:${origin.port}`;
  const headers = { Host: host };
  const path = `http://${host}/`;
  const asked = request({ host: '127.0.0.1', port: rig.proxy.port, path, headers, agent: false });
  asked.end();
  const [response] = await once(asked, 'response');
  response.resume();
  await once(response, 'end');
}

test('a plain request on a new connection', async ({ bench }) => {
  await bench('plain request', ask).run(options);
});

test('sixteen plain requests at once', async ({ bench }) => {
  await bench('16 plain requests', () => Promise.all(Array.from({ length: 16 }, ask))).run(options);
});

test('a new CONNECT until its first byte came back', async ({ bench }) => {
  const host = `good.test:${origin.port}`;
  const open = async () => {
    const socket = connect({ host: '127.0.0.1', port: rig.proxy.port, noDelay: true });
    socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(socket, 'data');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
  };
  await bench('CONNECT', open).run(options);
});

test('64 MiB through a tunnel', async ({ bench }) => {
  const { socket } = await rig.tunnel(`good.test:${sink.port}`);
  const send = async () => {
    const done = once(socket, 'data');
    for (let sent = 0; sent < transferBytes; sent += chunk.length)
      if (!socket.write(chunk)) await once(socket, 'drain');
    await done;
  };
  await bench('64 MiB', send).run(options);
  socket.destroy();
});
