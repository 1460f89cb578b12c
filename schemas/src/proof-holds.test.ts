import { expect, test } from 'vitest';
import { proofHolds } from './proof-holds.ts';

const frozen = { visited: 9, frozen: 9, alive: 9, escaped: 0, truncated: false, cpuDeltaUs: 0 };
const dead = { ...frozen, visited: 0, frozen: 0, alive: 0 };

test.each([
  { what: 'no proof', level: 'L2', proof: undefined, holds: false },
  { what: 'a proof cut short', level: 'L2', proof: { ...frozen, truncated: true }, holds: false },
  { what: 'all frozen', level: 'L2', proof: frozen, holds: true },
  { what: 'one not frozen', level: 'L2', proof: { ...frozen, frozen: 8 }, holds: false },
  { what: 'one that used CPU', level: 'L2', proof: { ...frozen, cpuDeltaUs: 1 }, holds: false },
  { what: 'one outside', level: 'L2', proof: { ...frozen, escaped: 1 }, holds: false },
  { what: 'no flows', level: 'L1', proof: { ...frozen, openFlows: 0 }, holds: true },
  { what: 'flows unknown', level: 'L1', proof: frozen, holds: false },
  { what: 'killed since', level: 'L1', proof: dead, holds: true },
  { what: 'killed since', level: 'L2', proof: dead, holds: true },
  { what: 'killed, one outside', level: 'L1', proof: { ...dead, escaped: 1 }, holds: false },
  { what: 'frozen', level: 'L5', proof: frozen, holds: false },
  { what: 'nothing alive', level: 'L5', proof: dead, holds: true },
  { what: 'frozen', level: 'L0', proof: frozen, holds: false },
] as const)('$level: $what', ({ level, proof, holds }) => {
  expect(proofHolds(level, proof)).toBe(holds);
});
