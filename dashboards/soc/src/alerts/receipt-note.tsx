// What became of an act: the receipt, which stays until the next act.
import type { Receipt } from '@sandtrail/console/contract/receipt';
import { problemOf } from '../api/problem-error.ts';
import { ProblemNote } from '../shell/problem-note.tsx';
import { clockText, msOf } from '../time/format-time.ts';

interface ReceiptNoteProps {
  readonly receipt: Receipt | undefined;
  readonly error: unknown;
}

const words: Readonly<Record<string, string>> = {
  acknowledge: 'Acknowledged',
  assign: 'Assigned',
  close: 'Closed',
  reopen: 'Reopened',
  comment: 'Noted',
};

/** The receipt in one line, or the problem. */
export function ReceiptNote({ receipt, error }: ReceiptNoteProps) {
  if (error !== null && error !== undefined) return <ProblemNote problem={problemOf(error)} />;
  if (receipt === undefined) return null;
  const { act, done, unchanged, unknown, actor, atNs, sealed } = receipt;
  const word = words[act.replace('alert.', '')] ?? act;
  const parts = [
    `${word}: ${done.length}`,
    ...(unchanged.length > 0 ? [`stood so already: ${unchanged.length}`] : []),
    ...(unknown.length > 0 ? [`no such alert: ${unknown.length}`] : []),
  ];
  return (
    <p className="muted receipt" role="status">
      {parts.join(', ')} · {actor}, {clockText(msOf(atNs))} UTC · sealed as{' '}
      <span className="machine-font">
        {sealed.stream} : {sealed.seq}
      </span>
    </p>
  );
}
