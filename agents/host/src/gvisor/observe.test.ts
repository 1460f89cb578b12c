// Packets of a real Sentry (runsc of Debian 12) as observations, and bytes that no Sentry should send.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageTypes, observePoint } from './observe.ts';
import { droppedBetween, parsePacket } from './packet.ts';
import { readMessage } from './protobuf.ts';

const packets = readFileSync(new URL('fixtures/guest.hex', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => Buffer.from(line, 'hex'));

const nowNs = 1_795_474_238_100_000_000n;

function observed(bytes: Buffer) {
  const packet = parsePacket(bytes);
  const message = packet && readMessage(packet.payload);
  return packet && message && observePoint(packet.type, message, { nowNs });
}

test('a guest’s programs, files, calls and connections are told, its environment never', () => {
  const told = packets.map(observed);
  expect(told.map((one) => one?.kind)).toEqual([
    ...['process.exit', 'process.fork', 'file.open', 'process.exit', 'process.fork'],
    ...['process.exec', 'file.open', 'process.exit', 'process.fork', 'process.exec'],
    ...['syscall', 'syscall', 'process.exit', 'process.fork', 'process.exec'],
    ...['network.connect', 'process.exit'],
  ]);
  expect(told[5]).toMatchObject({
    ...{ exe: { raw: '/bin/busybox' }, argv: ['cat', 'nothing'], cwd: '/tmp' },
    process: { pid: 4, uid: 0, comm: 'sh' },
  });
  expect(told[6]).toMatchObject({ path: { raw: 'nothing' }, access: 'read', errno: 2 });
  expect(told[10]).toMatchObject({ name: 'unshare', args: [{ name: 'flags', value: '131072' }] });
  expect(told[11]).toMatchObject({ name: 'mount', result: '-1' });
  expect(told[15]).toMatchObject({ family: 'inet', address: '127.0.0.1', port: 9, errno: 111 });
  expect(told[16]).toMatchObject({ code: 1 });
  expect(JSON.stringify(told)).not.toContain('PATH=');
});

test('a time far from the host’s own is replaced by the host’s', () => {
  const packet = parsePacket(packets[1] ?? Buffer.alloc(0));
  const message = readMessage(packet?.payload ?? Buffer.alloc(0)) ?? new Map();
  const later = nowNs + 60_000_000_000n;
  const told = observePoint(messageTypes.clone, message, { nowNs: later });
  expect(told?.observedAtNs).toBe(`${later}`);
});

test('a header may grow; one that is too small, or larger than the packet, is refused', () => {
  const packet = (headerSize: number) =>
    Buffer.from([headerSize, 0, 3, 0, 5, 0, 0, 0, 0xaa, 0xbb, 0x08, 0x01]);
  expect(parsePacket(packet(10))).toMatchObject({ type: 3, dropped: 5 });
  expect(parsePacket(packet(10))?.payload).toEqual(Buffer.from([0x08, 0x01]));
  expect(parsePacket(packet(7))).toBeUndefined();
  expect(parsePacket(packet(13))).toBeUndefined();
  expect(parsePacket(Buffer.alloc(7))).toBeUndefined();
});

test('the count of drops may wrap', () => {
  expect(droppedBetween(4_294_967_290, 4)).toBe(10);
  expect(droppedBetween(7, 7)).toBe(0);
});

test('no bytes bring the reader down, and what is cut short is never half read', () => {
  const any = fc.uint8Array({ maxLength: 256 }).map((bytes) => Buffer.from(bytes));
  const broken = fc
    .tuple(fc.constantFrom(...packets), fc.nat(255), fc.nat(255))
    .map(([packet, at, value]) => {
      const copy = Buffer.from(packet);
      copy[at % copy.length] = value;
      return copy;
    });
  fc.assert(fc.property(fc.oneof(any, broken), (bytes) => void observed(bytes)));
  const whole = readMessage(parsePacket(packets[5] ?? Buffer.alloc(0))?.payload ?? Buffer.alloc(0));
  expect(whole?.size).toBeGreaterThan(3);
  expect(readMessage(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]))).toBeUndefined();
  expect(readMessage(Buffer.from([0x08, ...Array(11).fill(0x80)]))).toBeUndefined();
  expect(readMessage(Buffer.from([0x0b]))).toBeUndefined();
});
