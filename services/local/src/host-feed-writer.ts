// A host's feed into the log: numbered, redacted and attested by a kit, bound by this host's grant.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockLog } from '@sandtrail/bus/log-lock';
import { createGatewayClient } from '@sandtrail/kit/gateway-client';
import { createCounters } from '@sandtrail/runtime/counters';
import type { FeedOpening, FeedWriter } from './feed-writer.ts';
import { keyFilesOf } from './keys.ts';
import { openKit, openScanner } from './kits.ts';
import { registerSandbox } from './sandbox-door.ts';

/** Records on their way: a file is read faster than they are made durable. */
const underWayMax = 5_000;
const paceMs = 10;

/**
 * Opens a stream of the feed's own name. One ingest of a source at a time: its epochs are counted in
 * one folder, so that no two streams are ever the same.
 * @throws SandtrailError `DATA_DIR_IN_USE`, and as `registerSandbox`
 */
export async function openHostFeed(opening: FeedOpening): Promise<FeedWriter> {
  const { feed, sandbox, incarnation } = opening;
  const { layout } = opening.surroundings;
  const dir = path.join(layout.spool, 'feeds');
  mkdirSync(path.join(dir, feed.name), { recursive: true, mode: 0o700 });
  const unlock = lockLog(path.join(dir, feed.name));
  try {
    const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
    await registerSandbox({ layout, token }, { uid: sandbox, incarnation });
    const counters = createCounters();
    const surroundings = { ...opening.surroundings, counters };
    const shipper = createGatewayClient({ address: { socketPath: layout.gatewaySocket }, token });
    const scanner = openScanner(layout);
    const kit = openKit(surroundings, { collector: feed.name, dir, shipper, scanner });
    const { blindSpots } = feed;
    const stream = await kit.open({
      sandbox,
      incarnation,
      mode: `feed of ${feed.name}`,
      blindSpots,
    });
    const count = (name: string) => sumOf(counters.snapshot(), name);
    const underWay = () => count('kit.observed') - count('kit.dropped') - count('kit.shipped');
    return {
      async write(observation) {
        stream.emit(observation);
        while (underWay() > underWayMax) await delay(paceMs);
        return undefined;
      },
      lost({ lost: lostCount, source, atNs }) {
        const times = { firstNs: atNs, lastNs: atNs };
        stream.lost({ source, count: lostCount, ...times, reason: 'ring_full' });
      },
      async close() {
        await kit.close('the feed ended');
        await shipper.close();
        unlock();
        const waiting = count('kit.emitted') - count('kit.shipped') - count('kit.refused');
        return { waiting: Math.max(0, waiting), refused: reasonsOf(counters.snapshot()) };
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** `kit.dropped{malformed}` and `kit.refused{BODY_INVALID}`, by their reasons. */
function reasonsOf(counters: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const pairs = Object.entries(counters).flatMap(([key, count]) => {
    const reason = /^kit\.(?:dropped|refused)\{(.*)\}$/.exec(key)?.[1];
    return reason === undefined ? [] : [[reason, count] as const];
  });
  return Object.fromEntries(pairs);
}

function sumOf(counters: Readonly<Record<string, number>>, name: string): number {
  return Object.entries(counters)
    .filter(([key]) => key === name || key.startsWith(`${name}{`))
    .reduce((sum, [, count]) => sum + count, 0);
}
