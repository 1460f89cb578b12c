// What is known of one event, top down; no tab hides any of it.
import type { EventDetail } from '@sandtrail/console/contract/event-detail';
import { Link } from '@tanstack/react-router';
import { AlertSection } from '../alerts/alert-section.tsx';
import { ContainButton } from '../containment/contain-button.tsx';
import { plainText } from '../text/code-points.ts';
import { CopyButton } from '../text/copy-button.tsx';
import { Machine } from '../text/machine.tsx';
import { bytesText, msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';
import { EventEvidence } from './event-evidence.tsx';
import { EventOrigin } from './event-origin.tsx';

interface EventBodyProps {
  readonly detail: EventDetail;
  /** Ids of findings that rest on it, the leading one first. */
  readonly findings: readonly string[];
}

/** The event's sections. A finding leads with its alert, everything else with what happened. */
export function EventBody({ detail, findings }: EventBodyProps) {
  const { row } = detail;
  const [first, ...more] = row.finding === null ? findings : [row.finding.id];
  return (
    <>
      {first === undefined ? <EventHead detail={detail} /> : <AlertSection id={first} />}
      {more.length === 0 ? null : <MoreFindings ids={more} />}
      {first === undefined || row.finding !== null ? null : <Happened detail={detail} />}
      <EventOrigin detail={detail} />
      <EventEvidence detail={detail} />
      <RawBytes detail={detail} />
    </>
  );
}

/** The acts belong to the leading alert; the others have pages of their own. */
function MoreFindings({ ids }: { readonly ids: readonly string[] }) {
  return (
    <p className="muted">
      More findings rest on this event:{' '}
      {ids.map((id) => (
        <Link key={id} params={{ id }} to="/alerts/$id">
          {id.slice(0, 8)}{' '}
        </Link>
      ))}
    </p>
  );
}

/** The event under a finding, as it happened. */
function Happened({ detail: { row } }: { readonly detail: EventDetail }) {
  return (
    <section className="event-part">
      <h3>
        What happened: {row.kind}
        {row.isDenied ? ', ⊘ denied' : ''}
        {row.errno === null ? '' : `, failed, errno ${row.errno}`}
      </h3>
      <pre className="event-raw">
        <Machine speech={row.family === 'agent'} text={row.summary} />
      </pre>
    </section>
  );
}

function EventHead({ detail: { row } }: { readonly detail: EventDetail }) {
  return (
    <>
      <div className="event-top">
        <span className="pill">{row.kind}</span>
        {row.isDenied ? <span className="muted">⊘ denied: the policy held</span> : null}
        {row.errno === null ? null : <span className="muted">failed, errno {row.errno}</span>}
      </div>
      <h2 className="event-title">{plainText(row.kind)}</h2>
      <p className="muted">
        <Moment timeMs={msOf(row.timeNs)} />
        {row.bytes === null
          ? null
          : ` · ${bytesText(row.bytes.out)} out, ${bytesText(row.bytes.in)} in`}
      </p>
      <pre className="event-raw">
        <Machine speech={row.family === 'agent'} text={row.summary} />
      </pre>
      <div className="event-acts">
        <ContainButton incarnation={row.incarnation} uid={row.sandbox} />
        <Link
          className="button"
          params={{ uid: row.sandbox, incarnation: `${row.incarnation}` }}
          search={{ row: `${row.chain}.${row.pos}`, panel: 'open' }}
          to="/sandboxes/$uid/$incarnation/timeline"
        >
          In its timeline
        </Link>
      </div>
    </>
  );
}

/** The sealed bytes as text, and the same to copy, escaped. */
function RawBytes({ detail }: { readonly detail: EventDetail }) {
  return (
    <details className="event-part">
      <summary>Sealed bytes</summary>
      <pre className="event-raw">
        <Machine text={detail.body} />
      </pre>
      <pre className="event-raw">
        <Machine text={detail.header} />
      </pre>
      <CopyButton value={{ header: detail.header, body: detail.body }} word="Copy as JSON" />
    </details>
  );
}
