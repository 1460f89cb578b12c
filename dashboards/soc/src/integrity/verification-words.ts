// How a verification ended, in words that never say more than was looked at.
import type { VerificationResult } from '@sandtrail/console/contract/integrity';
import { countText } from '../time/format-time.ts';

/** The verdict in a word or two. */
export function verdictWord({ verdict, position }: VerificationResult): string {
  const words: Readonly<Record<VerificationResult['verdict'], string>> = {
    verified: 'verified',
    unanchored: 'nothing contradicts, no outside head confirms',
    gap: 'gap',
    broken: `broken at position ${position ?? 'unknown'}`,
    stopped: 'stopped: nothing is said about the rows',
  };
  return words[verdict];
}

/** Which rows it is about, and how many were read. */
export function rangeWords({ from, to, rows }: VerificationResult): string {
  return `positions ${from} to ${to}, ${countText(Number(rows))} rows read`;
}
