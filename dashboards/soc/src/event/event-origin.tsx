// How an event came about: from the prompt to itself, each step a link.
import type { EventDetail } from '@sandtrail/console/contract/event-detail';
import { Link } from '@tanstack/react-router';
import { Machine } from '../text/machine.tsx';
import { clockText, msOf } from '../time/format-time.ts';

const shownCharsMax = 240;

/** The steps, first cause first. */
export function EventOrigin({
  detail: { origin, originOmitted },
}: {
  readonly detail: EventDetail;
}) {
  return (
    <section className="event-part">
      <h3>How it came about</h3>
      {originOmitted ? <p className="muted">Earlier steps are not shown here.</p> : null}
      {origin.length < 2 ? (
        <p className="muted">Nothing in the record says what led to it.</p>
      ) : (
        <ol className="event-origin">
          {origin.map(({ row }) => (
            <li key={`${row.chain}.${row.pos}`}>
              <span className="machine-font muted">{clockText(msOf(row.timeNs))}</span>
              <span>
                <Link
                  className={`kind-${row.family}`}
                  params={{ chain: row.chain, pos: row.pos }}
                  to="/e/$chain/$pos"
                >
                  {row.kind}
                </Link>{' '}
                <Machine
                  charsMax={shownCharsMax}
                  speech={row.family === 'agent'}
                  text={row.summary}
                />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
