// What became of a containment act: the state and the proof as they came back.
import type { ContainmentItem } from '@sandtrail/console/contract/containment';
import { problemOf } from '../api/problem-error.ts';
import { ProblemNote } from '../shell/problem-note.tsx';
import { levelWords } from './levels.ts';
import { ProofLine } from './proof-line.tsx';

interface ContainmentReceiptProps {
  readonly item: ContainmentItem | undefined;
  readonly error: unknown;
}

/** The receipt. Only `verified` is called proven; everything else is said as it is. */
export function ContainmentReceipt({ item, error }: ContainmentReceiptProps) {
  if (error !== null && error !== undefined) return <ProblemNote problem={problemOf(error)} />;
  if (item === undefined) return null;
  const latest = item.results.at(-1);
  return (
    <div className="receipt" role="status">
      <div>
        {item.level} {levelWords[item.level].name}: {stateWords[item.state]}
      </div>
      {latest === undefined ? null : <ProofLine result={latest} />}
    </div>
  );
}

/** The states of a request in words. */
export const stateWords: Readonly<Record<ContainmentItem['state'], string>> = {
  waiting: 'waits for a person',
  denied: 'denied',
  sent: 'sent, no answer yet',
  already: 'stood so already',
  applied: 'applied, not proven',
  verified: '✓ proven',
  already_gone: 'the sandbox was gone already',
  released: 'released',
  failed: 'failed',
};
