// The evidence of an event: who saw it, where it is sealed, and what a finding rests on.
import type { EventDetail } from '@sandtrail/console/contract/event-detail';
import { Link } from '@tanstack/react-router';
import { Machine } from '../text/machine.tsx';
import { msOf } from '../time/format-time.ts';
import { Moment } from '../time/moment.tsx';

const trustWords = {
  kernel: 'the kernel',
  host: 'the host',
  sandbox: 'a sender inside the sandbox: a claim',
  self_reported: 'the agent about itself: a claim',
} as const;

/** Facts of the record. A seal is told with what covers it, never as plain “OK”. */
export function EventEvidence({ detail }: { readonly detail: EventDetail }) {
  const { row, seal, collector, evidence } = detail;
  return (
    <section className="event-part">
      <h3>Evidence</h3>
      <dl className="event-facts">
        <dt>Seen by</dt>
        <dd>
          {trustWords[row.trust]}, collector <span className="machine-font">{collector.name}</span>{' '}
          on {collector.node}
          {collector.mode === null ? '' : `, ${collector.mode}`}
        </dd>
        <dt>Position</dt>
        <dd>
          <Link params={{ chain: row.chain }} to="/integrity/$chain">
            <span className="machine-font">{row.chain.slice(0, 12)}…</span>
          </Link>{' '}
          <span className="machine-font">: {row.pos}</span>
        </dd>
        <dt>Seal</dt>
        <dd>
          {seal.checkpoint === null ? (
            'sealed; no signed checkpoint covers it yet'
          ) : (
            <>
              <span className="proven">✓ included</span> under the checkpoint of size{' '}
              {seal.checkpoint.size}
            </>
          )}
        </dd>
        <dt>Leaf</dt>
        <dd className="machine-font">{seal.leaf}</dd>
        <dt>Stream</dt>
        <dd className="machine-font">
          {row.stream} : {row.seq}
        </dd>
        <dt>Time</dt>
        <dd>
          <Moment timeMs={msOf(row.timeNs)} />
        </dd>
        {row.redactions === 0 ? null : (
          <>
            <dt>Masked</dt>
            <dd>{row.redactions} spans, before it left the collector</dd>
          </>
        )}
      </dl>
      {evidence.length === 0 ? null : <Rests evidence={evidence} />}
    </section>
  );
}

/** The events that a finding rests on, and whether their bytes are still the ones it named. */
export function Rests({ evidence }: Pick<EventDetail, 'evidence'>) {
  return (
    <>
      <h3>It rests on</h3>
      <ol className="event-origin">
        {evidence.map(({ stream, seq, row, matches }) => (
          <li key={`${stream} ${seq}`}>
            <span className={matches ? 'proven' : ''}>
              {matches ? '✓ same bytes' : 'not proven'}
            </span>
            {row === null ? (
              <span>
                The row {stream} : {seq} is not there.
              </span>
            ) : (
              <span>
                <Link params={{ chain: row.chain, pos: row.pos }} to="/e/$chain/$pos">
                  {row.kind}
                </Link>{' '}
                <Machine charsMax={240} text={row.summary} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
