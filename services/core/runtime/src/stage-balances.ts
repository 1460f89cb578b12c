// Which counters of each stage must add up: received = passed + dropped by reason.

/** One stage; each name stands for all its reasons. */
export interface StageBalance {
  readonly stage: string;
  readonly received: readonly string[];
  readonly passed: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * In the order in which a record meets them. What a stage has in hand at the moment is on the
 * left side alone, so that the sums are equal when it has come to rest.
 */
export const stageBalances: readonly StageBalance[] = [
  {
    stage: 'kit',
    received: ['kit.observed', 'kit.own_records'],
    passed: ['kit.emitted'],
    dropped: ['kit.dropped'],
  },
  {
    stage: 'gateway',
    received: ['gateway.received'],
    passed: ['gateway.accepted'],
    dropped: ['gateway.duplicates', 'gateway.refused', 'gateway.failed'],
  },
  {
    stage: 'bus',
    received: ['bus.received'],
    passed: ['bus.appended'],
    dropped: ['bus.append_failed'],
  },
  {
    stage: 'sealer',
    received: ['sealer.received'],
    passed: ['sealer.rows'],
    dropped: ['sealer.unwritten'],
  },
  {
    stage: 'detector',
    received: ['detector.judged'],
    passed: ['detector.new'],
    dropped: ['detector.unreadable', 'detector.repeated'],
  },
  {
    stage: 'responder',
    received: ['responder.received'],
    passed: ['responder.answered'],
    dropped: ['responder.given_up'],
  },
  {
    stage: 'forwarder',
    received: ['forward.received'],
    passed: ['forward.sent'],
    dropped: ['forward.filtered', 'forward.dead'],
  },
];

/** How much more a stage received than it passed or dropped, by the counters of one process. */
export function inHand(
  { received, passed, dropped }: StageBalance,
  counters: Readonly<Record<string, number>>,
): number {
  const sum = (names: readonly string[]) =>
    Object.entries(counters)
      .filter(([key]) => names.includes(key.split('{', 1)[0] ?? ''))
      .reduce((total, [, count]) => total + count, 0);
  return sum(received) - sum(passed) - sum(dropped);
}
