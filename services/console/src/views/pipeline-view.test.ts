import { expect, test } from 'vitest';
import { StageName } from '../contract/pipeline.ts';
import { Pipeline } from './pipeline-view.ts';

const sealed = { behind: 0n, isStopped: false };

function pipelineOf(counters: () => Readonly<Record<string, number>>) {
  let nowMs = 0;
  const clock = { nowNs: () => BigInt(nowMs) * 1_000_000n, monotonicMs: () => nowMs };
  const metrics = async () => [
    { process: 'core', counters: { ...counters() }, durations: {}, gauges: {} },
  ];
  const pipeline = new Pipeline({ metrics, clock });
  return { pipeline, pass: (ms: number) => (nowMs += ms) };
}

test('a stage that nobody answers for is unknown, never zero', async () => {
  const { pipeline } = pipelineOf(() => ({}));
  const { stages } = await pipeline.stages(sealed);
  expect(stages.map(({ name }) => name)).toEqual(StageName.options);
  for (const stage of stages)
    expect(stage).toMatchObject({ state: 'unknown', received: null, passed: null });
});

test('rates are what lies between two samples, and drops keep their reasons', async () => {
  let passed = 100;
  const { pipeline, pass } = pipelineOf(() => ({
    'gateway.received': passed + 3,
    'gateway.accepted': passed,
    'gateway.refused{RATE}': 3,
  }));
  await pipeline.sample();
  pass(2000);
  passed = 300;
  const gateway = (await pipeline.stages(sealed)).stages.find(({ name }) => name === 'gateway');
  expect(gateway).toMatchObject({
    state: 'working',
    received: 303,
    passed: 300,
    perSecond: 100,
    dropped: [{ reason: 'gateway.refused{RATE}', count: 3 }],
  });
  pass(11_000);
  await pipeline.sample();
  pass(2000);
  const later = (await pipeline.stages(sealed)).stages.find(({ name }) => name === 'gateway');
  expect(later).toMatchObject({ state: 'idle', perSecond: 0 });
});

test('a sealer that is far behind, or had to stop, says so', async () => {
  const { pipeline } = pipelineOf(() => ({ 'sealer.received': 5, 'sealer.rows': 5 }));
  const stateOf = async (sealer: typeof sealed) =>
    (await pipeline.stages(sealer)).stages.find(({ name }) => name === 'sealer')?.state;
  expect(await stateOf({ behind: 50_000n, isStopped: false })).toBe('behind');
  expect(await stateOf({ behind: 0n, isStopped: true })).toBe('stopped');
});
