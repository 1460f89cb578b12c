// Whether a proof shows that a level holds: the responder judges for itself and believes no word alone.
import type { Proof } from '@sandtrail/schemas/containment';
import type { Level } from '@sandtrail/schemas/finding';

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
