// Examples of telemetry-gap: losses, deaths, silence and missing records, and an orderly life.
import type { Example, ExampleEvent } from '../example.ts';

const hash = 'ab'.repeat(32);
const signature = `${'A'.repeat(86)}==`;

function starts(at: number, from: string): ExampleEvent {
  const publicKey = `${'A'.repeat(43)}=`;
  const body = {
    kind: 'collector.started',
    bootId: 'b',
    mode: 'on',
    blindSpots: [],
    publicKey,
  } as const;
  return { at, from, trust: 'host', body: { ...body, blindSpots: [] } };
}

function beats(at: number, from: string, seen = 10): ExampleEvent {
  const sums = { upToSeq: '0', runHash: hash, seen: `${seen}`, dropped: '0', signature };
  return { at, from, trust: 'host', body: { kind: 'collector.heartbeat', ...sums } };
}

function ticks(at: number): ExampleEvent {
  return { at, from: 'gateway:1', trust: 'host', body: { kind: 'control.tick' } };
}

function loses(at: number, reason: 'ring_full' | 'collector_died', count = '5'): ExampleEvent {
  const span = { firstNs: '1800000000000000000', lastNs: '1800000001000000000' };
  const gap = { source: 'bpftrace', count, ...span, scope: 'sandbox', reason } as const;
  return { at, from: 'ebpf:1', trust: 'host', body: { kind: 'collector.gap', ...gap } };
}

function ends(at: number, lastSeq: string): ExampleEvent {
  const streams = [{ stream: 'ebpf:node-1:1:example-sandbox:0', lastSeq }];
  const body = { kind: 'sandbox.destroyed', exitCode: 0, reason: 'exited', streams } as const;
  return { at, from: 'runner:1', trust: 'host', body: { ...body, streams } };
}

const steady = [0, 5, 10, 15, 20, 25].flatMap((at) => [beats(at + 1, 'ebpf:1'), ticks(at + 2)]);

/** What telemetry-gap must find and must pass over. */
export const telemetryGapExamples: {
  readonly hit: readonly Example[];
  readonly miss: readonly Example[];
} = {
  hit: [
    { what: 'a loss above the budget', events: [starts(0, 'ebpf:1'), loses(1, 'ring_full')] },
    { what: 'a loss of unknown size', events: [starts(0, 'ebpf:1'), loses(1, 'ring_full', '0')] },
    { what: 'a dead collector', events: [starts(0, 'ebpf:1'), loses(1, 'collector_died')] },
    {
      what: 'a new epoch with no end of the old',
      events: [starts(0, 'ebpf:1'), starts(3, 'ebpf:2')],
    },
    {
      what: 'a hole in the sequence',
      events: [starts(0, 'ebpf:1'), { ...beats(1, 'ebpf:1'), seq: 7 }],
    },
    {
      what: 'a silent collector',
      events: [starts(0, 'ebpf:1'), beats(5, 'ebpf:1'), ticks(10), ticks(20), ticks(26)],
    },
    { what: 'a sandbox that nobody watches', events: [ticks(10), ticks(21)] },
    {
      what: 'a clock set back',
      events: [starts(100, 'ebpf:1'), beats(40, 'ebpf:1')],
    },
    {
      what: 'a tail that never came',
      events: [starts(0, 'ebpf:1'), ends(3, '9'), ticks(10), ticks(19)],
    },
  ],
  miss: [
    { what: 'steady heartbeats', events: [starts(0, 'ebpf:1'), ...steady] },
    {
      what: 'an orderly end',
      events: [starts(0, 'ebpf:1'), beats(1, 'ebpf:1'), ends(3, '1'), ticks(10), ticks(60)],
    },
    {
      what: 'silence of a frozen sandbox',
      events: [
        starts(0, 'ebpf:1'),
        {
          at: 2,
          from: 'runner:1',
          trust: 'host',
          body: { kind: 'sandbox.paused', by: 'responder', reason: 'L2' },
        },
        ticks(40),
      ],
    },
    {
      what: 'the same record twice',
      events: [
        starts(0, 'ebpf:1'),
        { ...beats(1, 'ebpf:1'), seq: 1 },
        { ...beats(1, 'ebpf:1'), seq: 1 },
      ],
    },
    { what: 'a feed without sandbox records', bare: true, events: [beats(0, 'ebpf:1'), ticks(60)] },
  ],
};
