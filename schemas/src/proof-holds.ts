// Whether a proof shows that a level holds; host and responder each judge for themselves by it.
import type { Proof } from './containment.ts';
import type { Level } from './finding.ts';

/**
 * False whenever something is missing, cut short or moving. Where nothing is alive and nothing
 * escaped, every level holds but L0: a sandbox that was killed meanwhile is no failed containment.
 */
export function proofHolds(level: Level, proof: Proof | undefined): boolean {
  if (proof === undefined || proof.truncated) return false;
  const isDead = proof.alive === 0 && proof.escaped === 0;
  switch (level) {
    case 'L0':
      return proof.frozen === 0;
    case 'L1':
      return isDead || proof.openFlows === 0;
    case 'L2':
    case 'L3':
    case 'L4':
      return isDead || isFrozen(proof);
    case 'L5':
    case 'L6':
      return isDead;
    default:
      return level satisfies never;
  }
}

function isFrozen({ escaped, frozen, visited, cpuDeltaUs }: Proof): boolean {
  return escaped === 0 && frozen === visited && cpuDeltaUs === 0;
}
