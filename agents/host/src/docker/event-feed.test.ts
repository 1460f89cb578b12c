// The feed on a real engine that is restarted, and on connections that are cut.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { expect, test, vi } from 'vitest';
import type { DockerEvent } from './event.ts';
import { EventFeed, type EventGap } from './event-feed.ts';
import { startTestEngine } from './test-engine.ts';

async function following(
  socketPath: string,
  work: (heard: {
    readonly events: DockerEvent[];
    readonly gaps: EventGap[];
    readonly connections: () => number;
  }) => Promise<void>,
): Promise<void> {
  const events: DockerEvent[] = [];
  const gaps: EventGap[] = [];
  let connections = 0;
  const common = { clock: systemClock, counters: createCounters(), logger: silentLogger };
  const feed = new EventFeed({ socketPath, ...common });
  feed.listen({
    event: (event) => events.push(event),
    lost: (gap) => gaps.push(gap),
    connected: () => {
      connections += 1;
    },
  });
  const stopping = new AbortController();
  const running = feed.run(stopping.signal);
  try {
    await work({ events, gaps, connections: () => connections });
  } finally {
    stopping.abort();
    await running;
  }
}

const soon = { timeout: 15_000, interval: 20 };

test('an engine that is restarted is followed again, and what it forgot is told as a gap', async () => {
  const engine = await startTestEngine();
  try {
    await following(engine.socketPath, async ({ events, gaps, connections }) => {
      await vi.waitFor(() => expect(connections()).toBe(1), soon);
      const create = () =>
        engine.api('POST', '/containers/create', { Image: 'box:1', Cmd: ['true'] });
      await create();
      await vi.waitFor(() => expect(events.map(({ action }) => action)).toEqual(['create']), soon);
      expect(gaps).toEqual([]);
      const lastNs = events[0]?.timeNs;
      await engine.stop();
      await engine.start();
      await vi.waitFor(() => expect(gaps).toMatchObject([{ firstNs: lastNs }]), soon);
      await create();
      await vi.waitFor(() => expect(events).toHaveLength(2), soon);
      expect(gaps).toHaveLength(1);
    });
  } finally {
    expect(await engine.close()).toEqual([]);
  }
});

const id = 'cd'.repeat(32);
const lineAt = (time: number) =>
  `{"Type":"container","Action":"start","Actor":{"ID":"${id}","Attributes":{}},"time":1,"timeNano":${time}}\n`;

/** An engine that answers each connection for events as told. */
async function withEngine(
  answers: readonly ((response: ServerResponse) => void)[],
  work: (socketPath: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stf-'));
  let count = 0;
  const server = createServer((request, response) => {
    if (request.url === '/version') {
      response.end('{"ApiVersion":"1.41","MinAPIVersion":"1.12"}');
      return;
    }
    response.writeHead(200);
    response.flushHeaders();
    answers[Math.min(count, answers.length - 1)]?.(response);
    count += 1;
  });
  const socketPath = join(folder, 'd.sock');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    await work(socketPath);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

test('a replay that begins with the last event seen leaves no gap, and repeats nothing', async () => {
  const cut = (response: ServerResponse) => {
    response.write(lineAt(5));
    setTimeout(() => response.destroy(), 50);
  };
  const goOn = (response: ServerResponse) => response.write(lineAt(5) + lineAt(6));
  await withEngine([cut, goOn], async (socketPath) => {
    await following(socketPath, async ({ events, gaps }) => {
      await vi.waitFor(() => expect(events.map(({ timeNs }) => timeNs)).toEqual([5n, 6n]), soon);
      expect(gaps).toEqual([]);
    });
  });
});

test('a replay that begins later, and a line without an end, are gaps', async () => {
  const cut = (response: ServerResponse) => {
    response.write(lineAt(5));
    setTimeout(() => response.destroy(), 50);
  };
  const endless = (response: ServerResponse) => {
    response.write(lineAt(9));
    response.write('x'.repeat(2_000_000));
  };
  const goOn = (response: ServerResponse) => response.write(lineAt(12));
  await withEngine([cut, endless, goOn], async (socketPath) => {
    await following(socketPath, async ({ events, gaps }) => {
      await vi.waitFor(
        () => expect(events.map(({ timeNs }) => timeNs)).toEqual([5n, 9n, 12n]),
        soon,
      );
      expect(gaps.map(({ firstNs }) => firstNs)).toEqual([5n, 9n]);
    });
  });
});
