// Destinations beside each other: one that hangs or is dead slows no other, and no kill waits.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { streamBodies } from '@sandtrail/chain/example-log';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startForwarding } from './forwarding.ts';
import { exampleBodies } from './ocsf/golden.ts';
import { Destinations } from './outputs.ts';
import { MemoryStore } from './testbed/memory-store.ts';
import { freePort } from './testbed/rsyslog.ts';

const bodies = streamBodies({ eventCount: 40 });
const rowCount = bodies.length + 1;
const findings = exampleBodies().filter((body) => body.startsWith('{"kind":"finding"'));
const urgentCount = findings.length + 1;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-fwd-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function startWith(destinations: Readonly<Record<string, unknown>>) {
  const store = new MemoryStore();
  store.append('events', bodies);
  store.append('findings', findings);
  const failures = new Set<string>();
  const forwarding = startForwarding({
    ...{ destinations: Destinations.parse(destinations), dir, store, node: 'node-1' },
    ...{ clock: systemClock, random: systemRandom, onCounted: () => undefined },
    onFailure: (name, code) => failures.add(`${name} ${code}`),
  });
  const laneOf = (name: string, lane: 'urgent' | 'bulk') =>
    forwarding.status().find((each) => each.name === name)?.lanes[lane];
  return { store, forwarding, failures, laneOf };
}

/** Takes what has a finding in it, and never answers anything else. */
async function hangingServer() {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      if (text.includes('"class_uid":2004')) response.writeHead(200).end('{"errors":false}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}`, close };
}

test('a destination that hangs on the many is told of findings, and others get everything', async () => {
  const server = await hangingServer();
  const slow = { type: 'elastic', url: server.url, timeoutMs: 300, retryMsMax: 50 };
  const dead = { type: 'elastic', url: `http://127.0.0.1:${await freePort()}`, retryMsMax: 50 };
  const file = path.join(dir, 'out.ndjson');
  const { forwarding, failures, laneOf } = startWith({
    slow,
    dead,
    file: { type: 'file', path: file },
  });
  await expect.poll(() => laneOf('slow', 'urgent')?.sent, { timeout: 10_000 }).toBe(urgentCount);
  await expect.poll(() => laneOf('file', 'bulk')?.sent, { timeout: 10_000 }).toBe(rowCount);
  await expect
    .poll(() => [...failures], { timeout: 10_000 })
    .toEqual(
      expect.arrayContaining(['slow DESTINATION_UNREACHABLE', 'dead DESTINATION_UNREACHABLE']),
    );
  expect(laneOf('slow', 'bulk')).toMatchObject({ sent: 0, lagRows: rowCount });
  expect(laneOf('dead', 'urgent')).toMatchObject({ sent: 0, lagRows: urgentCount });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(rowCount + urgentCount);
  await forwarding.stop();
  server.close();
});

test('a destination that is new begins now when it is told so', async () => {
  const file = path.join(dir, 'now.ndjson');
  const { store, forwarding, laneOf } = startWith({
    now: { type: 'file', path: file, from: 'now' },
  });
  await expect.poll(() => laneOf('now', 'bulk')?.lagRows, { timeout: 10_000 }).toBe(0);
  store.append('events', [bodies[1] ?? '']);
  forwarding.look();
  await expect.poll(() => laneOf('now', 'bulk')?.sent, { timeout: 10_000 }).toBe(1);
  await forwarding.stop();
});

test('a damaged cursor stops that destination alone, and says so', async () => {
  const file = path.join(dir, 'a.ndjson');
  const [good, bad] = ['good', 'bad'].map((name) => ({ type: 'file', path: `${file}.${name}` }));
  const first = startWith({ good, bad });
  await expect.poll(() => first.laneOf('bad', 'bulk')?.sent, { timeout: 10_000 }).toBe(rowCount);
  await first.forwarding.stop();
  writeFileSync(path.join(dir, 'bad', 'bulk.cursor.json'), '{}');
  const again = startWith({ good, bad });
  const failureOf = () => again.forwarding.status().find(({ name }) => name === 'bad')?.failure;
  await expect.poll(failureOf, { timeout: 10_000 }).toMatch(/damaged/);
  await expect.poll(() => again.laneOf('good', 'bulk')?.sent, { timeout: 10_000 }).toBe(rowCount);
  await again.forwarding.stop();
});

test('a destination that nobody configured is named as such', async () => {
  const { forwarding } = startWith({ a: { type: 'file', path: path.join(dir, 'a') } });
  await expect(forwarding.replay('b')).rejects.toMatchObject({ code: 'DESTINATION_UNKNOWN' });
  await expect(forwarding.test('b')).rejects.toMatchObject({ code: 'DESTINATION_UNKNOWN' });
  await forwarding.stop();
});
