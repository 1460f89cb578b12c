import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { Body } from '@sandtrail/schemas/events';
import type { Observation } from '@sandtrail/schemas/observation';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WatchedSandbox } from './collector.ts';
import { FastPath, type FastVerdict } from './fast-path.ts';
import { runSandbox } from './sandbox/run.ts';
import type { RunOptions } from './sandbox/run-options.ts';
import { RunRig, testPolicy } from './sandbox/run-rig.ts';

let rig: RunRig;

beforeEach(async () => {
  rig = new RunRig();
  await rig.startHost();
});

afterEach(async () => {
  await rig.close();
});

const verdict: FastVerdict = {
  detector: 'escape-primitive',
  explanation: 'setns into the host',
  severity: 'critical',
  dedupeKey: 'setns',
  recommend: { act: 'contain', level: 'L2' },
};

function seenNow(): Observation {
  const observedAtNs = systemClock.nowNs().toString();
  return { kind: 'file.delete', observedAtNs, path: { raw: '/x' } };
}

/** A running sandbox under a fast path whose rules always say `verdict`. */
async function underFastPath(
  given: {
    readonly verdict: FastVerdict;
    readonly run?: Partial<RunOptions>;
    readonly actsPerMinuteMax?: number;
  },
  work: (
    fast: FastPath,
    sandbox: WatchedSandbox,
    recorded: readonly Observation[],
  ) => Promise<void>,
) {
  const command = ['sh', '-c', 'echo up; while :; do :; done'];
  const { options, io, uid } = rig.run(command, given.run);
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  const recorded: Observation[] = [];
  const { containment, sandboxes } = rig;
  const sandbox = sandboxes.watched(uid);
  if (containment === undefined || sandbox === undefined) throw new Error('not registered');
  const fast = new FastPath({
    rules: () => given.verdict,
    containment,
    record: (_sandbox, observation) => {
      recorded.push(observation);
      return Promise.resolve();
    },
    clock: systemClock,
    random: systemRandom,
    counters: createCounters(),
    actsPerMinuteMax: given.actsPerMinuteMax ?? 10,
  });
  await work(fast, sandbox, recorded);
  await fast.settled();
  writeFileSync(`${sandbox.cgroup?.path}/cgroup.kill`, '1');
  return ended;
}

const kinds = (recorded: readonly Observation[]) => recorded.map(({ kind }) => kind);

test('one witnessed event freezes the sandbox at once; request and proofs are recorded', async () => {
  await underFastPath({ verdict }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'kernel');
    fast.observe(sandbox, seenNow(), 'kernel');
    await fast.settled();
    expect(kinds(recorded)).toEqual([
      'containment.requested',
      'containment.applied',
      'containment.verified',
      'containment.verified',
      'containment.verified',
    ]);
    const applied = recorded[1];
    if (applied?.kind !== 'containment.applied') throw new Error('nothing was applied');
    expect(applied.result.latencyUs).toBeLessThan(500_000);
    const common = { v: 1, stream: 'host:n:1:sandbox-1:0', seq: '0' };
    for (const one of recorded) Body.parse({ ...common, ...one });
  });
});

test('claims and mere advice move nothing', async () => {
  const advice = { ...verdict, recommend: { act: 'approve', level: 'L2' } } as const;
  await underFastPath({ verdict }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'self_reported');
    fast.observe(sandbox, seenNow(), 'sandbox');
    await fast.settled();
    expect(recorded).toEqual([]);
  });
  await underFastPath({ verdict: advice }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'kernel');
    await fast.settled();
    expect(recorded).toEqual([]);
  });
});

test('no more acts in a minute than the setting allows: with 0 the reflex rests', async () => {
  await underFastPath({ verdict, actsPerMinuteMax: 0 }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'kernel');
    await fast.settled();
    expect(recorded).toEqual([]);
  });
});

test('the policy caps what happens without a person', async () => {
  const off = testPolicy({ responses: { automatic: false } });
  await underFastPath({ verdict, run: { policy: off } }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'kernel');
    await delay(50);
    expect(recorded).toEqual([]);
  });
  const low = testPolicy({ responses: { automatic_level_max: 'L1' } });
  await underFastPath({ verdict, run: { policy: low } }, async (fast, sandbox, recorded) => {
    fast.observe(sandbox, seenNow(), 'kernel');
    await fast.settled();
    expect(recorded[1]).toMatchObject({ result: { level: 'L1', state: 'applied' } });
  });
});
