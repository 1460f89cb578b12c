// Closing alerts: what they turned out to be, and why.
import type { Alert } from '@sandtrail/console/contract/alerts';
import { useState } from 'react';
import { Choices } from '../shell/choices.tsx';
import { FormDialog } from '../shell/form-dialog.tsx';
import { ReasonField } from '../shell/reason-field.tsx';

type AlertVerdict = NonNullable<Alert['verdict']>;

interface CloseDialogProps {
  readonly count: number;
  readonly onDone: (closing: { readonly verdict: AlertVerdict; readonly reason: string }) => void;
  readonly onClose: () => void;
}

const verdicts = [
  { value: 'true_positive', words: 'True positive: it was an attack' },
  { value: 'benign', words: 'Benign: it happened, and was allowed to' },
  { value: 'false_positive', words: 'False positive: it did not happen' },
  { value: 'duplicate', words: 'Duplicate of another alert' },
] as const;

/** The dialog. */
export function CloseDialog({ count, onDone, onClose }: CloseDialogProps) {
  const [verdict, setVerdict] = useState<AlertVerdict>('true_positive');
  const [reason, setReason] = useState('');
  const what = count === 1 ? 'this alert' : `${count} alerts`;
  return (
    <FormDialog
      act={`Close ${what}`}
      isReady={reason.trim() !== ''}
      onClose={onClose}
      onDone={() => onDone({ verdict, reason: reason.trim() })}
      title={`Close ${what} with a verdict`}
    >
      <Choices
        choices={verdicts}
        legend="What it turned out to be"
        name="verdict"
        onChoose={setVerdict}
        value={verdict}
      />
      <ReasonField onChange={setReason} value={reason} />
    </FormDialog>
  );
}
