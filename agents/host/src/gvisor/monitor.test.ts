// The monitor against Sentries that lie: each is a client on a real socket.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startMonitor } from './monitor.ts';
import { connectSeqpacket, type SeqpacketConnection } from './seqpacket.ts';

async function withMonitor(
  work: (rig: {
    readonly connect: () => SeqpacketConnection;
    readonly points: number[];
    readonly losses: [string, number][];
    readonly hangUps: () => number;
  }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stg-'));
  const socketPath = join(folder, 's.sock');
  // What a dead daemon left: a socket's file that nobody listens on.
  writeFileSync(socketPath, '');
  const points: number[] = [];
  const losses: [string, number][] = [];
  let hangUps = 0;
  const monitor = startMonitor({
    socketPath,
    onPoint: (type) => points.push(type),
    onLoss: (reason, count) => losses.push([reason, count]),
    onHangUp: () => {
      hangUps += 1;
    },
  });
  const clients: SeqpacketConnection[] = [];
  const connect = () => {
    const client = connectSeqpacket(socketPath, 4096);
    clients.push(client);
    return client;
  };
  try {
    await work({ connect, points, losses, hangUps: () => hangUps });
  } finally {
    for (const client of clients) client.close();
    await monitor.close();
    rmSync(folder, { recursive: true });
  }
}

const hello = Buffer.from([0x08, 0x01]);
const packet = (type: number, dropped: number, payload = hello) => {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(8, 0);
  header.writeUInt16LE(type, 2);
  header.writeUInt32LE(dropped, 4);
  return Buffer.concat([header, payload]);
};
const soon = { timeout: 5_000, interval: 10 };

test('greets once, then reads; what the sink dropped is a loss of so many', async () => {
  await withMonitor(async ({ connect, points, losses }) => {
    const client = connect();
    for (const bytes of [hello, packet(7, 0), packet(999, 3), packet(7, 3)]) client.write(bytes);
    await vi.waitFor(() => expect(points).toEqual([7, 999, 7]), soon);
    expect(losses).toEqual([['ring_full', 3]]);
    expect(client.read()).toEqual(hello);
    expect(client.read()).toBe('waiting');
  });
});

test('what is no packet or no message is counted, and the rest is read on', async () => {
  await withMonitor(async ({ connect, points, losses }) => {
    const client = connect();
    const nonsense = Buffer.from([0x0a, 0xff]);
    for (const bytes of [hello, Buffer.alloc(3, 9), packet(7, 0, nonsense), packet(7, 0)]) {
      client.write(bytes);
    }
    await vi.waitFor(() => expect(points).toEqual([7]), soon);
    expect(losses).toEqual([
      ['malformed', 1],
      ['malformed', 1],
    ]);
  });
});

test('a packet beyond the bound is refused whole, and nothing is read from it', async () => {
  await withMonitor(async ({ connect, points, losses }) => {
    const client = connect();
    client.write(hello);
    // The kernel takes what its buffer holds; a larger one does not leave the Sentry.
    expect(client.write(packet(7, 0, Buffer.alloc(2_000_000)))).toBe(false);
    client.write(packet(8, 0));
    await vi.waitFor(() => expect(points).toEqual([8]), soon);
    expect(losses).toEqual([]);
  });
});

test('who does not greet, and who comes second, is hung up on', async () => {
  await withMonitor(async ({ connect, points, hangUps }) => {
    const rude = connect();
    rude.write(packet(7, 0));
    await vi.waitFor(() => expect(hangUps()).toBe(1), soon);
    const first = connect();
    first.write(hello);
    first.write(packet(1, 0));
    await vi.waitFor(() => expect(points).toEqual([1]), soon);
    const second = connect();
    await vi.waitFor(() => expect(second.read()).toBe('closed'), soon);
    first.write(packet(2, 0));
    await vi.waitFor(() => expect(points).toEqual([1, 2]), soon);
    expect(hangUps()).toBe(1);
  });
});
