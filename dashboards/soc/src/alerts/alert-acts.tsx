// The acts on alerts, with their keys: acknowledge, assign, close with a verdict, reopen.
import type { Alert, AlertRequest } from '@sandtrail/console/contract/alerts';
import { type ReactNode, useState } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { useRight } from '../session/use-session.ts';
import { useAlertAct } from './alert-queries.ts';
import { AssignDialog } from './assign-dialog.tsx';
import { CloseDialog } from './close-dialog.tsx';
import { ReceiptNote } from './receipt-note.tsx';

interface AlertActsProps {
  /** One or many: each act is one request with one receipt. */
  readonly alerts: readonly Pick<Alert, 'id' | 'state'>[];
  readonly children?: ReactNode;
}

/** The buttons. What the role may not do stays visible, with the reason. */
export function AlertActs({ alerts, children }: AlertActsProps) {
  const [open, setOpen] = useState<'nothing' | 'close' | 'assign'>('nothing');
  const acting = useAlertAct();
  const { allowed, why } = useRight('alert');
  const ids = alerts.map(({ id }) => id);
  const isOff = !allowed || ids.length === 0 || acting.isPending;
  const done = (request: AlertRequest) => {
    setOpen('nothing');
    acting.mutate(request);
  };
  const begin = (act: 'acknowledge' | 'close' | 'assign') => () => {
    if (isOff) return;
    if (act === 'acknowledge') done({ act, ids, reason: '' });
    else setOpen(act);
  };
  useKeys({ acknowledge: begin('acknowledge'), close: begin('close'), assign: begin('assign') });
  const isClosed = alerts.length > 0 && alerts.every(({ state }) => state === 'closed');
  const buttons = [
    { act: 'acknowledge', word: 'Acknowledge', key: 'a' },
    { act: 'close', word: 'Close with verdict', key: 'v' },
    { act: 'assign', word: 'Assign', key: 'e' },
  ] as const;
  return (
    <>
      <div className="event-acts">
        {buttons.map(({ act, word, key }) => (
          <button
            className={act === 'acknowledge' && !isClosed ? 'button button-main' : 'button'}
            disabled={isOff}
            key={act}
            onClick={begin(act)}
            title={why}
            type="button"
          >
            {word} <kbd>{key}</kbd>
          </button>
        ))}
        {children}
      </div>
      {allowed ? null : <p className="muted">{why}</p>}
      <ReceiptNote error={acting.error} receipt={acting.data} />
      {open === 'close' ? (
        <CloseDialog
          count={ids.length}
          onClose={() => setOpen('nothing')}
          onDone={({ verdict, reason }) => done({ act: 'close', ids, verdict, reason })}
        />
      ) : null}
      {open === 'assign' ? (
        <AssignDialog
          count={ids.length}
          onClose={() => setOpen('nothing')}
          onDone={(owner) => done({ act: 'assign', ids, owner, reason: '' })}
        />
      ) : null}
    </>
  );
}
