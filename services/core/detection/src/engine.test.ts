import { SandtrailError } from '@sandtrail/schemas/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBundle } from './bundle.ts';
import { detectors } from './detectors.ts';
import { createEngine } from './engine.ts';
import type { EngineEvent } from './engine-event.ts';
import { type Example, exampleProcess, exampleRecords } from './example.ts';
import { writeFinding } from './sandbox-watch.ts';

const bundle = createBundle();
const process = exampleProcess(40);

/** All hits of all detectors as one log, each about a sandbox of its own, dealt out in turn. */
const everything = interleave(
  detectors
    .flatMap((detector) => detector.examples.hit)
    .map((example, at) => exampleRecords(example, `sandbox-${at}`)),
);

function interleave(logs: readonly (readonly EngineEvent[])[]): readonly EngineEvent[] {
  const longest = Math.max(...logs.map((log) => log.length));
  return Array.from({ length: longest }, (_, at) =>
    logs.flatMap((log) => log.slice(at, at + 1)),
  ).flat();
}

function findingsOf(records: readonly EngineEvent[], restartAt: readonly number[] = []): string {
  let engine = createEngine({ bundle });
  const lines: string[] = [];
  for (const [at, record] of records.entries()) {
    if (restartAt.includes(at)) {
      const snapshot = engine.snapshot();
      engine = createEngine({ bundle });
      engine.restore(snapshot);
      expect(engine.snapshot()).toBe(snapshot);
    }
    lines.push(...engine.step(record).map(writeFinding));
  }
  return lines.join('\n');
}

function dockerSocket(at: number): Example['events'][number] {
  const body = {
    kind: 'network.connect',
    process,
    family: 'unix',
    address: '/run/docker.sock',
  } as const;
  return { at, body };
}

describe('the engine', () => {
  test('gives the same bytes wherever it is stopped and restored', () => {
    const whole = findingsOf(everything);
    expect(whole.split('\n').length).toBeGreaterThan(50);
    const places = fc.array(fc.nat({ max: everything.length - 1 }), { maxLength: 3 });
    fc.assert(
      fc.property(places, (restartAt) => {
        expect(findingsOf(everything, restartAt)).toBe(whole);
      }),
      { numRuns: 8 },
    );
  }, 60_000);

  test('counts a record once, however often and late it comes again', () => {
    const doubled = everything.flatMap((record, at) => [
      record,
      ...everything.slice(Math.max(0, at - 5), at + 1),
    ]);
    expect(findingsOf(doubled)).toBe(findingsOf(everything));
  });

  test('goes on after a crash between snapshot and log without a double or a loss', () => {
    const half = Math.floor(everything.length / 2);
    const before = createEngine({ bundle });
    const first = everything.slice(0, half).flatMap((record) => before.step(record));
    const snapshot = before.snapshot();
    const lost = everything.slice(half, half + 50).flatMap((record) => before.step(record));
    const after = createEngine({ bundle });
    after.restore(snapshot);
    const rest = everything.slice(half).flatMap((record) => after.step(record));
    expect(rest.slice(0, lost.length).map(writeFinding)).toEqual(lost.map(writeFinding));
    expect([...first, ...rest].map(writeFinding).join('\n')).toBe(findingsOf(everything));
  });

  test('says one cause once within its window, and again after it', () => {
    const events = [0, 1, 2, 300, 599, 601, 602].map(dockerSocket);
    const engine = createEngine({ bundle: createBundle({ only: detectors.slice(0, 1) }) });
    const findings = exampleRecords({ what: '', events }).flatMap((record) => engine.step(record));
    expect(findings).toHaveLength(2);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(2);
    expect(engine.counts()).toMatchObject({ events: 9, findings: 2, suppressed: 5 });
  });

  test('never recommends to act without a person on claims alone', () => {
    const claimed = { ...dockerSocket(0), trust: 'self_reported' } as const;
    const engine = createEngine({ bundle });
    const findings = exampleRecords({ what: '', events: [claimed] }).flatMap((each) =>
      engine.step(each),
    );
    expect(findings).toMatchObject([
      { witnessed: false, recommend: { act: 'approve', level: 'L2' } },
    ]);
  });

  test('holds what is seen before the start and judges it when the start is known', () => {
    const [created, started, ...acts] = exampleRecords({
      what: '',
      events: [
        { at: -0.5, body: { kind: 'syscall', process, name: 'mount', args: [], result: '0' } },
        dockerSocket(0.2),
      ],
    });
    const order = [created, ...acts, started].filter((record) => record !== undefined);
    const engine = createEngine({ bundle });
    const marks = order.map((record) => engine.step(record).map(({ dedupeKey }) => dedupeKey));
    expect(marks).toEqual([[], [], [], ['escape-primitive:engine-socket:worked']]);
  });

  test('judges what was held when a start never comes', () => {
    const [created, , act, late] = exampleRecords({
      what: '',
      events: [
        { at: 0, body: { kind: 'syscall', process, name: 'mount', args: [], result: '0' } },
        { at: 40, from: 'gateway:1', trust: 'host', body: { kind: 'control.tick' } },
      ],
    });
    const order = [created, act, late].filter((record) => record !== undefined);
    const engine = createEngine({ bundle: createBundle({ only: detectors.slice(0, 1) }) });
    expect(order.flatMap((record) => engine.step(record))).toMatchObject([
      { severity: 'critical' },
    ]);
  });

  test('forgets a sandbox after its end, and stays small', () => {
    const engine = createEngine({ bundle });
    const end = { exitCode: 0, reason: 'exited', streams: [] } as const;
    for (let life = 0; life < 50; life += 1) {
      const events: Example['events'] = [
        dockerSocket(0),
        {
          at: 1,
          from: 'runner:1',
          trust: 'host',
          body: { kind: 'sandbox.destroyed', ...end, streams: [] },
        },
      ];
      for (const record of exampleRecords({ what: '', events }, `sandbox-${life}`))
        engine.step(record);
    }
    const large = engine.snapshot().length;
    const [, , tick] = exampleRecords(
      {
        what: '',
        events: [{ at: 300, from: 'gateway:1', trust: 'host', body: { kind: 'control.tick' } }],
      },
      'control-log',
    );
    if (tick !== undefined) engine.step(tick);
    expect(engine.snapshot().length).toBeLessThan(large / 2);
  });

  test.each([
    ['text that is not JSON', 'x'],
    ['another shape', '{"v":1}'],
    ['another bundle', '{"v":1,"bundle":"x","streams":[],"sandboxes":[]}'],
    [
      'a damaged state',
      JSON.stringify({ v: 1, bundle: bundle.digest, streams: [['a', 'b']], sandboxes: [] }),
    ],
  ])('refuses a snapshot that is %s', (_what, text) => {
    const restore = () => createEngine({ bundle }).restore(text);
    expect(restore).toThrow(SandtrailError);
    expect(restore).toThrow(/SNAPSHOT_INVALID|detector state/);
  });
});

test('the digest of a bundle follows names, versions and configurations', () => {
  expect(createBundle().digest).toBe(bundle.digest);
  const other = createBundle({ configs: { 'escape-primitive': { repeatMs: 1 } } });
  expect(other.digest).not.toBe(bundle.digest);
  expect(() => createBundle({ configs: { 'escape-primitive': { nonsense: 1 } } })).toThrow(
    /nonsense/,
  );
});
