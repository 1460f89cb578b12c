import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { ContainmentRequest, type ContainmentResult } from '@sandtrail/schemas/containment';
import type { Level } from '@sandtrail/schemas/finding';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { expect, test } from 'vitest';
import { Containment } from './containment.ts';
import type { Driver, Target } from './driver.ts';

const uid = SandboxUid.parse('sandbox-1');
const killMs = 150;

/** Ten tasks that freeze at once and die one after the other, as real ones under load do. */
function slowlyDying(): Driver {
  let frozen = 0;
  let alive = 10;
  const applied = (level: Level) => ({ state: 'applied', level, evidenceLost: [] }) as const;
  return {
    name: 'slow',
    capabilities: () => ['L0', 'L2', 'L5'],
    async apply(_target, level) {
      frozen = level === 'L2' ? alive : 0;
      if (level === 'L5') {
        await sleep(killMs);
        alive = 0;
      }
      return applied(level);
    },
    verify: () =>
      Promise.resolve({
        ...{ visited: alive, alive, frozen, escaped: 0, truncated: false },
        cpuDeltaUs: frozen === alive ? 0 : 1,
      }),
    release: () => Promise.resolve(applied('L0')),
    freeze: () => Promise.resolve(true),
    thaw: () => Promise.resolve(true),
  };
}

function requestOf(level: Level): ContainmentRequest {
  const nowNs = systemClock.nowNs();
  return ContainmentRequest.parse({
    ...{ v: 1, id: level.slice(1).repeat(64), act: 'contain', sandbox: uid, incarnation: 0, level },
    ...{ incident: `operator:${level}`, reason: 'a test' },
    requester: { type: 'operator', name: 'maria' },
    requestedAtNs: `${nowNs}`,
    expiresAtNs: `${nowNs + 60_000_000_000n}`,
    nonce: 'ab'.repeat(16),
  });
}

test('a look that is due while a kill is under way waits for it and finds no failure', async () => {
  const egress = { openFlows: 0, denied: false };
  const answer = () => Promise.resolve(egress);
  const target: Target = {
    ...{ uid, incarnation: 0, cgroup: undefined, initPid: 1, initStartTicks: 0n },
    ...{ pidNamespace: 'pid:[1]', egress: { deny: answer, allow: answer, status: answer } },
  };
  const driver = slowlyDying();
  const containment = new Containment({
    driverOf: () => driver,
    clock: systemClock,
    counters: createCounters(),
    observer: { moves: () => undefined, observe: () => undefined },
    checksMs: { second: killMs / 3, third: killMs / 2 },
  });
  containment.add(target);
  const results: ContainmentResult[] = [];
  const frozen = containment.contain(requestOf('L2'), (result) => results.push(result));
  await containment.contain(requestOf('L5'), () => undefined);
  await frozen;
  expect(results.map(({ state, check }) => `${state} ${check}`)).toEqual([
    'applied at_once',
    'verified at_once',
    'verified after_1s',
    'verified after_10s',
  ]);
});
