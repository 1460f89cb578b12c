// The plan of faults: the same seed gives the same deaths, and every victim gets its turn.
import { expect, test } from 'vitest';
import { planFaults, victims } from './fault-plan.ts';

test('a seed gives one plan, another seed another', () => {
  expect(planFaults(7, 50)).toEqual(planFaults(7, 50));
  expect(planFaults(7, 50)).not.toEqual(planFaults(8, 50));
  expect(planFaults(7, 50).slice(0, 10)).toEqual(planFaults(7, 10));
});

test('six rounds kill each victim once', () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const killed = planFaults(seed, 6).map(({ victim }) => victim);
    expect(killed.toSorted()).toEqual(victims.toSorted());
  }
});
