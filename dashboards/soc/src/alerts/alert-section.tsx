// An alert in a panel: what was found, its numbers, the acts, and what people did about it.
import type { AlertDetail } from '@sandtrail/console/contract/alerts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ContainButton } from '../containment/contain-button.tsx';
import { Rests } from '../event/event-evidence.tsx';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { Answered } from '../shell/answered.tsx';
import { Machine } from '../text/machine.tsx';
import { clockText, msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { AlertActs } from './alert-acts.tsx';
import { alertQuery } from './alert-queries.ts';

/** The alert of a finding, asked for by its id. */
export function AlertSection({ id }: { readonly id: string }) {
  const query = useQuery(alertQuery(id));
  return (
    <Answered query={query} what="the alert">
      {(alert) => <AlertBody alert={alert} />}
    </Answered>
  );
}

function AlertBody({ alert }: { readonly alert: AlertDetail }) {
  const { severity, title, explanation, timeNs, detector, techniques, witnessed } = alert;
  return (
    <>
      <div className="event-top">
        <SeverityChip
          severity={severity}
          word={`${severity.slice(0, 1).toUpperCase()}${severity.slice(1)} finding`}
        />
        <span className="pill">{alert.state}</span>
        {alert.owner === null ? null : <span className="muted">with {alert.owner}</span>}
      </div>
      <h2 className="event-title">
        <Machine speech text={title} />
      </h2>
      <p className="muted">
        <Moment timeMs={msOf(timeNs)} />
      </p>
      <pre className="event-raw">
        <Machine speech text={explanation} />
      </pre>
      <AlertActs alerts={[alert]}>
        <ContainButton incarnation={alert.incarnation} uid={alert.sandbox} />
      </AlertActs>
      <dl className="event-facts">
        <dt>Sandbox</dt>
        <dd>
          <Link
            params={{ uid: alert.sandbox, incarnation: `${alert.incarnation}` }}
            search={{ row: `${alert.at.chain}.${alert.at.pos}`, panel: 'open' }}
            to="/sandboxes/$uid/$incarnation/timeline"
          >
            <Machine text={alert.sandboxName ?? alert.sandbox} />
          </Link>
        </dd>
        <dt>Detector</dt>
        <dd>
          {detector}, confidence {alert.confidence},{' '}
          {witnessed ? 'witnessed by kernel or host' : 'on claims only'}
        </dd>
        <dt>Technique</dt>
        <dd>
          {techniques.map(({ framework, id }) => `${framework} ${id}`).join(', ') || 'none named'}
        </dd>
        <dt>Answer</dt>
        <dd>
          {alert.containment === null
            ? 'no containment'
            : `${alert.containment.level}, ${alert.containment.state}`}
        </dd>
      </dl>
      <section className="event-part">
        <Rests evidence={alert.evidenceRows} />
        {alert.evidenceOmitted === 0 ? null : (
          <p className="muted">
            {alert.evidenceOmitted} more pieces are named in the sealed finding.
          </p>
        )}
      </section>
      <History steps={alert.steps} />
    </>
  );
}

function History({ steps }: Pick<AlertDetail, 'steps'>) {
  return (
    <section className="event-part">
      <h3>What people did</h3>
      {steps.length === 0 ? <p className="muted">Nothing yet.</p> : null}
      <ol className="event-origin">
        {steps.map(({ atNs, actor, act, owner, verdict, reason, at }) => (
          <li key={`${at.chain}.${at.pos}`}>
            <span className="machine-font muted">{clockText(msOf(atNs))}</span>
            <span>
              <Link params={at} to="/e/$chain/$pos">
                {act}
              </Link>{' '}
              by {actor}
              {owner === null ? '' : ` → ${owner}`}
              {verdict === null ? '' : `, ${verdict.replace('_', ' ')}`}{' '}
              <Machine speech text={reason} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
