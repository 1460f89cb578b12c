// Contain a sandbox: the button, its key, and what became of it.
import { useState } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { useRight } from '../session/use-session.ts';
import { ContainDialog } from './contain-dialog.tsx';
import { useContainmentAct } from './containment-queries.ts';
import { ContainmentReceipt } from './containment-receipt.tsx';

interface ContainButtonProps {
  readonly uid: string;
  readonly incarnation: number;
}

/** The button; `c` opens the same sheet, and nothing happens without a reason. */
export function ContainButton({ uid, incarnation }: ContainButtonProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { allowed, why } = useRight('contain');
  const acting = useContainmentAct();
  const isSandbox = !uid.startsWith('host-') && !uid.startsWith('control-');
  useKeys(isSandbox && allowed ? { contain: () => setIsOpen(true) } : {});
  if (!isSandbox) return null;
  return (
    <>
      <button
        className="button"
        disabled={!allowed || acting.isPending}
        onClick={() => setIsOpen(true)}
        title={why}
        type="button"
      >
        {acting.isPending ? 'Containing…' : 'Contain…'} <kbd>c</kbd>
      </button>
      <ContainmentReceipt error={acting.error} item={acting.data} />
      {isOpen ? (
        <ContainDialog
          incarnation={incarnation}
          onClose={() => setIsOpen(false)}
          onDone={(body) => {
            setIsOpen(false);
            acting.mutate({ route: 'contain', body });
          }}
          uid={uid}
        />
      ) : null}
    </>
  );
}
