// Giving alerts to somebody.
import { useState } from 'react';
import { useSession } from '../session/use-session.ts';
import { FormDialog } from '../shell/form-dialog.tsx';

interface AssignDialogProps {
  readonly count: number;
  readonly onDone: (owner: string) => void;
  readonly onClose: () => void;
}

/** The dialog; the one who is signed in stands there already. */
export function AssignDialog({ count, onDone, onClose }: AssignDialogProps) {
  const [owner, setOwner] = useState(useSession().data?.actor ?? '');
  return (
    <FormDialog
      act="Assign"
      isReady={owner.trim() !== ''}
      onClose={onClose}
      onDone={() => onDone(owner.trim())}
      title={count === 1 ? 'Assign this alert' : `Assign ${count} alerts`}
    >
      <label>
        <span className="form-dialog-word">Who has it from now on</span>
        <input
          className="field"
          data-autofocus
          maxLength={128}
          onChange={({ target }) => setOwner(target.value)}
          required
          type="text"
          value={owner}
        />
      </label>
    </FormDialog>
  );
}
