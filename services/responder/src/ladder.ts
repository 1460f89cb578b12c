// Where a sandbox stands on the ladder, as a pure state machine: levels only rise until a release.
import { strict as assert } from 'node:assert';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { Level } from '@sandtrail/schemas/finding';

/** The standing of one sandbox in one incarnation. */
export interface Standing {
  /** The highest level that a scheduler said it applied since the last release. */
  readonly level: Level;
  /** False when a later look showed that the level does not hold: then it may be asked for again. */
  readonly holds: boolean;
  /** Requests that are sent and not yet applied: id → the level that each asks for. */
  readonly underWay: ReadonlyMap<string, Level>;
  /** Everybody who asked for a level since the last release: none of them may release. */
  readonly requesters: readonly string[];
  /** Killed, or gone by itself: nothing more can be done to it. */
  readonly ended: boolean;
  /** When it was last released, nanoseconds since the Unix epoch; what is older is settled. */
  readonly releasedAtNs: bigint;
}

/** A sandbox that nobody ever contained. */
export const ground: Standing = {
  level: 'L0',
  holds: true,
  underWay: new Map(),
  requesters: [],
  ended: false,
  releasedAtNs: 0n,
};

/** `act`, or why not. `already`: the level, or a higher one, holds or is under way. */
export type Judgement = 'act' | 'already' | 'lower' | 'not_contained' | 'self_release' | 'ended';

type Asked = Pick<ContainmentRequest, 'id' | 'act' | 'level' | 'requester'>;

/** Whether a request may be sent in this standing. */
export function judgeRequest(standing: Standing, { id, act, level, requester }: Asked): Judgement {
  if (standing.underWay.has(id)) return 'already';
  if (act === 'release') {
    if (standing.ended) return 'ended';
    if (standing.level === 'L0') return 'not_contained';
    const isOther = !standing.requesters.includes(requester.name);
    return requester.type === 'operator' && isOther ? 'act' : 'self_release';
  }
  if (standing.ended) return 'ended';
  const wanted = rankOf(level);
  const isUnderWay = [...standing.underWay.values()].some((other) => rankOf(other) >= wanted);
  const held = rankOf(standing.level);
  if (held > wanted) return 'lower';
  if (isUnderWay) return 'already';
  return held === wanted && (standing.holds || wanted === 0) ? 'already' : 'act';
}

/** The standing once a request that was judged `act` is on its way. */
export function begin(standing: Standing, { id, level, requester }: Asked): Standing {
  const underWay = new Map(standing.underWay).set(id, level);
  const known = standing.requesters.includes(requester.name);
  const requesters = known ? standing.requesters : [...standing.requesters, requester.name];
  return { ...standing, underWay, requesters };
}

/** The standing once a request is over, whatever became of it. */
export function finish(standing: Standing, id: string): Standing {
  const underWay = new Map(standing.underWay);
  underWay.delete(id);
  const idle = standing.level === 'L0' && underWay.size === 0;
  return { ...standing, underWay, requesters: idle ? [] : standing.requesters };
}

type Told = Pick<ContainmentResult, 'requestId' | 'state' | 'level'> & { readonly atNs: bigint };

/** The standing after a result that was found to be in order. A level falls by `released` only. */
export function settle(standing: Standing, { requestId, state, level, atNs }: Told): Standing {
  const higher = rankOf(level) > rankOf(standing.level) ? level : standing.level;
  switch (state) {
    case 'applied':
      return finish({ ...standing, level: higher, holds: true }, requestId);
    case 'verified': {
      // A late look of an act that was released meanwhile raises nothing: only `applied` does.
      const isPresent = rankOf(level) === rankOf(standing.level);
      const isDead = isPresent && rankOf(level) >= rankOf('L5');
      return {
        ...standing,
        holds: standing.holds || isPresent,
        ended: standing.ended || isDead,
      };
    }
    case 'already_gone':
      return { ...standing, level: higher, ended: true };
    case 'failed':
      return { ...standing, holds: standing.level === 'L0' };
    case 'released':
      return { ...ground, underWay: standing.underWay, releasedAtNs: atNs };
    default:
      return state satisfies never;
  }
}

/** A level's place on the ladder, from 0. */
export function rankOf(level: Level): number {
  const rank = Level.options.indexOf(level);
  assert(rank >= 0, 'a level has a place on the ladder');
  return rank;
}
