// Whether a proof shows that a level holds; host and responder each judge for themselves by it.
import type { Proof } from './containment.ts';
import type { Level } from './finding.ts';

/** False whenever something is missing, cut short or still moving. */
export function proofHolds(level: Level, proof: Proof | undefined): boolean {
  if (proof === undefined || proof.truncated) return false;
  switch (level) {
    case 'L0':
      return proof.frozen === 0;
    case 'L1':
      return proof.openFlows === 0;
    case 'L2':
    case 'L3':
    case 'L4':
      return proof.escaped === 0 && proof.frozen === proof.visited && proof.cpuDeltaUs === 0;
    case 'L5':
    case 'L6':
      return proof.alive === 0 && proof.escaped === 0;
    default:
      return level satisfies never;
  }
}
