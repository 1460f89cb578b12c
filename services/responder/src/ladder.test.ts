import { Level } from '@sandtrail/schemas/finding';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { begin, finish, ground, judgeRequest, rankOf, type Standing, settle } from './ladder.ts';

const detector = { type: 'detector', name: 'escape-primitive' } as const;
const alice = { type: 'operator', name: 'alice' } as const;
const bob = { type: 'operator', name: 'bob' } as const;

const contain = (
  level: Level,
  requester: typeof detector | typeof alice | typeof bob = detector,
  id = level,
) => ({ id, act: 'contain', level, requester }) as const;
const release = (requester: typeof detector | typeof alice | typeof bob) =>
  ({ id: 'release', act: 'release', level: 'L0', requester }) as const;

const at = (state: 'applied' | 'verified' | 'already_gone' | 'released' | 'failed', level: Level) =>
  ({ requestId: level, state, level, atNs: 5n }) as const;

function standing(...steps: readonly ((standing: Standing) => Standing)[]): Standing {
  return steps.reduce((now, step) => step(now), ground);
}
const begun =
  (level: Level, by: typeof detector | typeof alice = detector) =>
  (now: Standing) =>
    begin(now, contain(level, by));
const told =
  (...result: Parameters<typeof at>) =>
  (now: Standing) =>
    settle(now, at(...result));
const over = (id: string) => (now: Standing) => finish(now, id);

const frozen = standing(begun('L2'), told('applied', 'L2'), told('verified', 'L2'), over('L2'));
const killed = standing(
  begun('L5', alice),
  told('applied', 'L5'),
  told('verified', 'L5'),
  over('L5'),
);
const broken = standing(begun('L2'), told('applied', 'L2'), told('failed', 'L2'), over('L2'));
const rising = standing(begun('L2'));

describe('a request is judged by where the sandbox stands', () => {
  test.each([
    ['on the ground', ground, contain('L1'), 'act'],
    ['on the ground, to the ground', ground, contain('L0'), 'already'],
    ['on the ground', ground, release(alice), 'not_contained'],
    ['while the same is under way', rising, contain('L2'), 'already'],
    ['while a higher one is under way', rising, contain('L1'), 'already'],
    ['while a lower one is under way', rising, contain('L5'), 'act'],
    ['frozen', frozen, contain('L2', alice, 'L2'), 'already'],
    ['frozen', frozen, contain('L1'), 'lower'],
    ['frozen', frozen, contain('L5'), 'act'],
    ['frozen by a detector', frozen, release(alice), 'act'],
    ['frozen by a detector', frozen, release(detector), 'self_release'],
    [
      'frozen by alice',
      standing(begun('L2', alice), told('applied', 'L2')),
      release(alice),
      'self_release',
    ],
    ['frozen by alice', standing(begun('L2', alice), told('applied', 'L2')), release(bob), 'act'],
    ['frozen, but it does not hold', broken, contain('L2'), 'act'],
    ['frozen, but it does not hold', broken, contain('L1'), 'lower'],
    ['killed', killed, contain('L5'), 'ended'],
    ['killed', killed, release(bob), 'ended'],
    ['gone by itself', standing(begun('L2'), told('already_gone', 'L2')), contain('L5'), 'ended'],
    [
      'killed, but not proven',
      standing(begun('L5'), told('applied', 'L5'), told('failed', 'L5'), over('L5')),
      contain('L5'),
      'act',
    ],
  ] as const)('%s', (_where, now, request, judgement) => {
    expect(judgeRequest(now, request)).toBe(judgement);
  });

  test('by everybody who asked since the last release, not by the last one only', () => {
    const both = standing(
      begun('L1', alice),
      told('applied', 'L1'),
      over('L1'),
      begun('L2'),
      told('applied', 'L2'),
    );
    expect(judgeRequest(both, release(alice))).toBe('self_release');
    expect(judgeRequest(both, release(bob))).toBe('act');
  });
});

test('a late look of an act that was released meanwhile raises nothing', () => {
  const released = settle(frozen, at('released', 'L0'));
  expect(settle(released, at('verified', 'L2'))).toMatchObject({ level: 'L0', ended: false });
});

test('a level never falls without a release, whatever is asked and told in whatever order', () => {
  const levels = fc.constantFrom(...Level.options);
  const states = fc.constantFrom('applied', 'verified', 'already_gone', 'released', 'failed');
  const person = fc.constantFrom(detector, alice, bob);
  const step = fc.oneof(
    fc.record({
      type: fc.constant('ask' as const),
      level: levels,
      requester: person,
      id: fc.string(),
    }),
    fc.record({
      type: fc.constant('tell' as const),
      level: levels,
      state: states,
      atNs: fc.bigInt({ min: 0n, max: 9n }),
    }),
    fc.record({ type: fc.constant('end' as const), id: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let now = ground;
      for (const one of steps) {
        const before = now;
        if (one.type === 'ask') {
          const request = { act: 'contain', ...one } as const;
          if (judgeRequest(now, request) === 'act') now = begin(now, request);
        } else if (one.type === 'tell') now = settle(now, { requestId: 'x', ...one });
        else now = finish(now, one.id);
        const isRelease = one.type === 'tell' && one.state === 'released';
        if (!isRelease) expect(rankOf(now.level)).toBeGreaterThanOrEqual(rankOf(before.level));
      }
    }),
  );
});
