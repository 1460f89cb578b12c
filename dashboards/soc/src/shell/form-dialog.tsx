// A dialog with a form: Enter does the act that its button names, Esc leaves everything as it is.
import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import './form-dialog.css';

interface FormDialogProps {
  readonly title: string;
  /** What the button says, which is the act. */
  readonly act: string;
  readonly isReady: boolean;
  readonly onDone: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The dialog. */
export function FormDialog({ title, act, isReady, onDone, onClose, children }: FormDialogProps) {
  return (
    <Dialog closing="Close without doing anything" onClose={onClose} size={520} title={title}>
      <form
        className="form-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onDone();
        }}
      >
        {children}
        <div className="form-dialog-acts">
          <button className="button" onClick={onClose} type="button">
            Leave it
          </button>
          <button className="button button-main" disabled={!isReady} type="submit">
            {act}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
