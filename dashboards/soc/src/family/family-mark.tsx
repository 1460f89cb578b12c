// The family of an event: a small square beside the written kind.
import type { Family } from '@sandtrail/console/contract/family';
import './family-mark.css';

/** The square; what it means is always written beside it. */
export function FamilyMark({ family }: { readonly family: Family }) {
  return <span aria-hidden="true" className={`family-mark family-${family}`} />;
}
