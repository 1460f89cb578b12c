// A console over a real log and a real store, for tests: rows are put in as a sealer would.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { placesOf } from '@sandtrail/bus/places';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { partitionCount } from '@sandtrail/schemas/topics';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import type * as z from 'zod';
import { ConsoleConfig } from './config.ts';
import { startConsole } from './console.ts';
import type { Role } from './contract/rights.ts';
import { apiPrefix } from './contract/route.ts';
import { requestHeader } from './contract/session.ts';
import type { ConsoleObservation } from './sessions/act-record.ts';

const places = placesOf(partitionCount);
const chain = 'ab'.repeat(32);
const firstNs = 1_790_000_000_000_000_000n;

// The sandbox that records are about unless told.
const bedSandbox = 'sandbox-0001';

/** A record before it is framed or stored. */
export interface BedRecord {
  readonly header: Buffer;
  readonly body: Buffer;
}

/** A console of a test's own. */
export type ConsoleBed = Awaited<ReturnType<typeof startConsoleBed>>;

/** Starts one; `close` leaves nothing behind. */
export async function startConsoleBed() {
  const folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  const counters = createCounters();
  const about = { clock: systemClock, random: systemRandom, counters };
  const bus = await openEmbeddedBus({ dir: path.join(folder, 'bus'), log: 'test', ...about });
  const storeAbout = { logger: silentLogger, counters };
  const store = await openStore({ dir: path.join(folder, 'store'), ...storeAbout });
  const recorded: ConsoleObservation[] = [];
  let shiftMs = 0;
  const clock = {
    nowNs: () => systemClock.nowNs() + BigInt(shiftMs) * 1_000_000n,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
  };
  const start = (listen: z.input<typeof ConsoleConfig>) =>
    startConsole({
      config: listenAt(listen),
      pagesDir: path.join(folder, 'pages'),
      ...{ tenant: 'local', node: 'n', logName: 'test', headFile: '/h.json', keys: [] },
      ...{ store, bus, places, clock, counters, random: systemRandom, log: silentLogger },
      sealing: () => places.map((place) => ({ place, chain, sealedTo: 0n, stopped: false })),
      metrics: async () => [],
      containment: nobodyContains,
      async record(observation) {
        recorded.push(observation);
        return { stream: 'gateway:n:1:control-plane:0', seq: `${recorded.length}` };
      },
      mask: async (text) => text,
    });
  const web = await start({ port: 0 });
  const ask = (target: string, cookie = '', init: RequestInit = {}) =>
    fetch(`${web.url}${target}`, { ...init, headers: { cookie, ...init.headers } });
  const guard = { origin: web.url, [requestHeader.name]: requestHeader.value };
  const redeem = (token: string) =>
    ask(`${apiPrefix}/session`, '', {
      method: 'POST',
      headers: { ...guard, 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  return {
    ...{ folder, recorded, url: web.url, guard, ask, redeem, start },
    /** Moves the console's clock on. */
    pass(ms: number) {
      shiftMs += ms;
    },
    link: (role: Role) => web.link({ actor: 'ana', role }),
    /** The cookie of somebody who signed in. */
    async cookieOf(role: Role) {
      const response = await redeem(await web.link({ actor: 'ana', role }));
      return response.headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    seal: sealInto(store),
    /** Appends records to the log, at the first place. */
    async append(records: readonly BedRecord[]) {
      const [place = { topic: 'events', partition: 0 }] = places;
      const frames = records.map((each) => encodeFrame({ ...each, erasable: Buffer.alloc(0) }));
      await bus.append(place, frames);
    },
    async close() {
      await web.close();
      await store.close();
      await bus.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Puts rows into the store, in the next positions of one chain. */
function sealInto(store: Pick<OpenedStore, 'insertBlock'>) {
  let stored = 0n;
  return async (records: readonly BedRecord[]) => {
    const rows = records.map(({ header, body }, index) => {
      const pos = stored + BigInt(index);
      const appendedAtMs = Number(firstNs / 1_000_000n);
      return { pos, offset: pos, header, body, link: randomBytes(32), appendedAtMs };
    });
    stored += BigInt(rows.length);
    await store.insertBlock({ chain, topic: 'events', partition: 0, rows });
  };
}

let count = 0n;

/** A record of the kernel sensor, each a nanosecond after the one before. */
export function recordOf(
  body: Readonly<Record<string, unknown>>,
  sandbox: string = bedSandbox,
): BedRecord {
  const timeNs = `${firstNs + count}`;
  const header = {
    ...{ tenant: 'local', sandbox, incarnation: 0, trust: 'kernel', credential: 'host:n' },
    ...{ receivedAtNs: timeNs, timeNs, admission: 'live' },
  };
  const stamp = { v: 1, stream: `ebpf:n:1:${sandbox}:0`, seq: `${count}`, observedAtNs: timeNs };
  count += 1n;
  return {
    header: Buffer.from(JSON.stringify(header)),
    body: Buffer.from(JSON.stringify({ ...stamp, ...body })),
  };
}

/** The body of an execution. */
export function execOf(argv: readonly string[]) {
  return { kind: 'process.exec', exe: { raw: '/bin/echo' }, argv };
}

function listenAt(listen: z.input<typeof ConsoleConfig>) {
  const config = ConsoleConfig.parse(listen);
  if (config === 'off') throw new TypeError('a bed listens');
  return config;
}

const refuse = () => Promise.reject(new Error('nobody contains in this bed'));
const nobodyContains = {
  list: () => ({ standings: [], waiting: [], recent: [] }),
  ...{ quarantine: refuse, approve: refuse, deny: refuse, release: refuse },
};
