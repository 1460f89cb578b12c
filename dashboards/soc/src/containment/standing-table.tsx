// Where each sandbox stands on the ladder, and its release by another person.
import type { Standing } from '@sandtrail/console/contract/containment';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useRight, useSession } from '../session/use-session.ts';
import { FormDialog } from '../shell/form-dialog.tsx';
import { ReasonField } from '../shell/reason-field.tsx';
import { Machine } from '../text/machine.tsx';
import { useContainmentAct } from './containment-queries.ts';
import { ContainmentReceipt } from './containment-receipt.tsx';
import { levelWords } from './levels.ts';

/** The table; sandboxes that nobody ever contained are not in it. */
export function StandingTable({ standings }: { readonly standings: readonly Standing[] }) {
  if (standings.length === 0) {
    return <p className="muted">No sandbox of this run is or was contained.</p>;
  }
  return (
    <div className="box table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Sandbox</th>
            <th scope="col">Level</th>
            <th scope="col">Asked for by</th>
            <th scope="col">Release</th>
          </tr>
        </thead>
        <tbody>
          {standings.map((standing) => (
            <Row key={`${standing.sandbox} ${standing.incarnation}`} standing={standing} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ standing }: { readonly standing: Standing }) {
  const { sandbox, incarnation, sandboxName, level, holds, ended, requesters } = standing;
  return (
    <tr>
      <td>
        <Link
          params={{ uid: sandbox, incarnation: `${incarnation}` }}
          to="/sandboxes/$uid/$incarnation/timeline"
        >
          <Machine text={sandboxName ?? sandbox} />
        </Link>
      </td>
      <td>
        {level} {levelWords[level].name}
        {ended ? ', ended' : holds ? '' : ': a later look showed that it does not hold'}
      </td>
      <td>
        <Machine speech text={requesters.join(', ')} />
      </td>
      <td>
        <Release standing={standing} />
      </td>
    </tr>
  );
}

/** Whoever asked for a containment cannot lift it; the server refuses it, and this says so before. */
function Release({ standing }: { readonly standing: Standing }) {
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { allowed, why } = useRight('release');
  const actor = useSession().data?.actor ?? '';
  const acting = useContainmentAct();
  const isHeld = standing.level !== 'L0' && !standing.ended;
  const isOwn = isHeld && standing.requesters.includes(actor);
  return (
    <>
      {isHeld ? (
        <button
          className="button"
          disabled={!allowed || isOwn || acting.isPending}
          onClick={() => setIsOpen(true)}
          type="button"
        >
          Release…
        </button>
      ) : (
        'nothing to release'
      )}
      {isOwn ? <div className="muted">You asked for it: another person releases it.</div> : null}
      {allowed ? null : <div className="muted">{why}</div>}
      <ContainmentReceipt error={acting.error} item={acting.data} />
      {isOpen ? (
        <FormDialog
          act="Release this sandbox"
          isReady={reason.trim() !== ''}
          onClose={() => setIsOpen(false)}
          onDone={() => {
            setIsOpen(false);
            const { sandbox, incarnation } = standing;
            acting.mutate({
              route: 'release',
              body: { sandbox, incarnation, reason: reason.trim() },
            });
          }}
          title="Release a sandbox"
        >
          <p>
            <Machine text={standing.sandboxName ?? standing.sandbox} /> goes on from{' '}
            {standing.level} {levelWords[standing.level].name}: its processes run and its policy’s
            destinations open again.
          </p>
          <ReasonField onChange={setReason} value={reason} />
        </FormDialog>
      ) : null}
    </>
  );
}
