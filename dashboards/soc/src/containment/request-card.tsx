// One request: who asked for what and why, the time that is left, the proofs, and the decision.
import type { ContainmentItem } from '@sandtrail/console/contract/containment';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useRight } from '../session/use-session.ts';
import { FormDialog } from '../shell/form-dialog.tsx';
import { ReasonField } from '../shell/reason-field.tsx';
import { Machine } from '../text/machine.tsx';
import { agoText, msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { useNow } from '../time/use-now.ts';
import { useContainmentAct } from './containment-queries.ts';
import { ContainmentReceipt, stateWords } from './containment-receipt.tsx';
import { levelWords } from './levels.ts';
import { ProofLine } from './proof-line.tsx';

/** The card. */
export function RequestCard({ item }: { readonly item: ContainmentItem }) {
  const { level, state, requester, approvedBy, reason, requestedAtNs, results, sandbox } = item;
  return (
    <article className="box request-card">
      <div className="request-card-top">
        <strong>{item.act === 'release' ? 'Release' : `${level} ${levelWords[level].name}`}</strong>
        <span className={state === 'verified' ? 'proven' : 'pill'}>{stateWords[state]}</span>
        <Link
          params={{ uid: sandbox, incarnation: `${item.incarnation}` }}
          to="/sandboxes/$uid/$incarnation/timeline"
        >
          <Machine text={item.sandboxName ?? sandbox} />
        </Link>
      </div>
      <div>
        <Machine speech text={reason} />
      </div>
      <div className="muted">
        Asked by {requester.type} <Machine speech text={requester.name} />
        {approvedBy === null ? '' : `, approved by ${approvedBy}`} ·{' '}
        <Moment timeMs={msOf(requestedAtNs)} />
      </div>
      {results.map((result) => (
        <ProofLine key={`${result.check} ${result.state} ${result.latencyUs}`} result={result} />
      ))}
      {state === 'waiting' ? <DecisionPart item={item} /> : null}
    </article>
  );
}

function DecisionPart({ item }: { readonly item: ContainmentItem }) {
  const [open, setOpen] = useState<'approve' | 'deny'>();
  const [reason, setReason] = useState('');
  const { allowed, why } = useRight('decide');
  const acting = useContainmentAct();
  const nowMs = useNow(1000);
  const words = open === 'approve' ? 'Approve' : 'Deny';
  const levelName = `${item.level} ${levelWords[item.level].name}`;
  return (
    <>
      <div className="request-card-top">
        <button
          className="button button-main"
          disabled={!allowed || acting.isPending}
          onClick={() => setOpen('approve')}
          type="button"
        >
          Approve…
        </button>
        <button
          className="button"
          disabled={!allowed || acting.isPending}
          onClick={() => setOpen('deny')}
          type="button"
        >
          Deny…
        </button>
        <span className="muted">
          Counts as denied {agoText(msOf(item.expiresAtNs), nowMs)}
          {allowed ? '' : ` · ${why}`}
        </span>
      </div>
      <ContainmentReceipt error={acting.error} item={acting.data} />
      {open === undefined ? null : (
        <FormDialog
          act={`${words} ${levelName}`}
          isReady={reason.trim() !== ''}
          onClose={() => setOpen(undefined)}
          onDone={() => {
            setOpen(undefined);
            acting.mutate({
              route: open,
              body: { requestId: item.requestId, reason: reason.trim() },
            });
          }}
          title={`${words} ${levelName}`}
        >
          <p>
            <Machine text={item.sandboxName ?? item.sandbox} />{' '}
            <span className="machine-font muted">{item.sandbox}</span>: it stops{' '}
            {levelWords[item.level].stops}.
          </p>
          <ReasonField onChange={setReason} value={reason} />
        </FormDialog>
      )}
    </>
  );
}
