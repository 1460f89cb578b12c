// Forwarding beside a dead destination: sealed rows at a pace, and how many of them have arrived.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import { type Forwarder, startForwarder } from '@sandtrail/forwarder/forwarder';
import { Destinations } from '@sandtrail/forwarder/outputs';
import { makeCertificates } from '@sandtrail/forwarder/testbed/certificates';
import { freePort, startRsyslog } from '@sandtrail/forwarder/testbed/rsyslog';
import { destinationTotal, ForwardStatus } from '@sandtrail/local/forward-status';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { sampleEvent, sealSamples } from '@sandtrail/store/sample-rows';
import { type Figure, figure } from './figure.ts';

const blockMs = 250;
const settleMs = 1000;
const appendedAtMs = Date.UTC(2026, 0, 1, 12);
const place = { log: 'bench', topic: 'events', partition: 0 } as const;
const chain = chainId(place, '0'.repeat(32));

interface Load {
  readonly rate: number;
  readonly seconds: number;
}

/**
 * Stores `rate` rows a second and forwards them to a file and to rsyslog over TLS: first to those
 * two alone, then beside a destination that is dead.
 */
export async function measureForward(load: Load): Promise<readonly Figure[]> {
  const alone = await run(load, { hasDead: false });
  const beside = await run(load, { hasDead: true });
  return figuresOf(load, alone, beside);
}

async function run(load: Load, { hasDead }: { readonly hasDead: boolean }): Promise<Measured> {
  const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-bench-'));
  const counters = createCounters();
  const store = await openStore({ dir: path.join(dir, 'store'), logger: silentLogger, counters });
  const certificates = makeCertificates(dir);
  mkdirSync(path.join(dir, 'rsyslog'));
  const rsyslog = await startRsyslog({ dir: path.join(dir, 'rsyslog'), certificates });
  const { ca: caFile, client } = certificates;
  const tls = { caFile, certFile: client.cert, keyFile: client.key };
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  let stored = 0;
  const forwarder = startForwarder({
    destinations: Destinations.parse({
      file: { type: 'file', path: path.join(dir, 'out.ndjson') },
      syslog: { type: 'syslog', host: '127.0.0.1', port: rsyslog.port, tls },
      ...(hasDead ? { dead: { type: 'elastic', url: nowhere } } : {}),
    }),
    ...{ dir: path.join(dir, 'forwarder'), store: store.readTarget, node: 'bench' },
    arrivals: () => BigInt(stored),
    ...{ log: silentLogger, counters },
  });
  try {
    await store.addChain({ ...place, chain: hexOf(chain) });
    const before = process.cpuUsage();
    await fill(store, load, (rows) => {
      stored += rows;
    });
    await delay(settleMs);
    const sent = await sentBy(forwarder);
    const { user, system } = process.cpuUsage(before);
    return { stored, sent, cpuS: (user + system) / 1e6 };
  } finally {
    await forwarder.stop();
    await rsyslog.stop();
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function fill(store: OpenedStore, { rate, seconds }: Load, onStored: (rows: number) => void) {
  const size = Math.round((rate * blockMs) / 1000);
  const beganMs = performance.now();
  let state = startChain(chain);
  for (let block = 0; block < (seconds * 1000) / blockMs; block += 1) {
    const events = Array.from({ length: size }, (_, index) => sampleEvent(block * size + index));
    const sealed = sealSamples(state, events, appendedAtMs);
    state = sealed.state;
    await store.insertBlock({ ...place, chain: hexOf(chain), rows: sealed.rows });
    onStored(size);
    await delay(Math.max(0, beganMs + (block + 1) * blockMs - performance.now()));
  }
}

async function sentBy(forwarder: Forwarder): Promise<ReadonlyMap<string, number>> {
  const all = ForwardStatus.parse(await forwarder.status());
  return new Map(all.map((each) => [each.name, destinationTotal(each).sent]));
}

interface Measured {
  readonly stored: number;
  readonly sent: ReadonlyMap<string, number>;
  readonly cpuS: number;
}

function figuresOf(load: Load, alone: Measured, beside: Measured): readonly Figure[] {
  const share = ({ sent, stored }: Measured, name: string) =>
    (100 * (sent.get(name) ?? 0)) / stored;
  const detail = `of ${beside.stored} rows, ${load.rate} a second, one of three destinations dead`;
  const figures = ['file', 'syslog'].flatMap((name) => {
    const value = share(beside, name);
    const ratio = (100 * value) / share(alone, name);
    const of = 'of what it gets in the same run without the dead one';
    return [
      figure({ name: `forward: ${name}`, value, unit: '%', atLeast: 95, detail }),
      figure({
        name: `forward: ${name} / alone`,
        value: ratio,
        unit: '%',
        atLeast: 95,
        detail: of,
      }),
    ];
  });
  const value = (beside.cpuS / beside.stored) * 1e5;
  const of = 'sealing, storing and both deliveries in this process; engine and rsyslog aside';
  return [
    ...figures,
    figure({ name: 'forward: CPU', value, unit: 's per 100,000 rows', detail: of }),
  ];
}
