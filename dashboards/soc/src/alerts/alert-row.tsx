// One alert in the queue.
import type { Alert } from '@sandtrail/console/contract/alerts';
import type { RowPlace } from '../rows/row-list.tsx';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { Machine } from '../text/machine.tsx';
import { agoText, msOf } from '../time/format-time.ts';

interface AlertRowProps extends RowPlace {
  readonly alert: Alert;
  /** The name of the group that begins here. */
  readonly groupStart: string | undefined;
  readonly isSelected: boolean;
  readonly nowMs: number;
  readonly onChoose: () => void;
}

/** The row. */
export function AlertRow(props: AlertRowProps) {
  const { alert, id, at, top, isCursor, isSelected, nowMs, onChoose, groupStart } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys, by its active descendant
    <div
      aria-rowindex={at + 2}
      aria-selected={isCursor}
      className="row-list-row alert-row"
      data-chosen={isSelected ? '' : undefined}
      id={id}
      onClick={onChoose}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell">
        {isSelected ? <span className="alert-row-picked">✓ selected </span> : null}
        <SeverityChip severity={alert.severity} />
      </span>
      <span className="event-line-cut" role="gridcell">
        {groupStart === undefined ? null : (
          <strong className="alert-row-group">
            <Machine text={groupStart} />
          </strong>
        )}
        <span className="alert-row-title">
          <Machine speech text={alert.title} />
        </span>{' '}
        <span className="muted">
          <Machine charsMax={300} speech text={alert.explanation} />
        </span>
      </span>
      <span className="alert-row-more event-line-cut" role="gridcell">
        <Machine charsMax={64} text={alert.sandboxName ?? alert.sandbox} />
      </span>
      <span className="alert-row-more event-line-cut muted" role="gridcell">
        {alert.state}
        {alert.owner === null ? '' : `, ${alert.owner}`}
        {alert.containment === null
          ? ''
          : ` · ${alert.containment.level} ${alert.containment.state}`}
      </span>
      <span className="muted alert-row-age" role="gridcell">
        {agoText(msOf(alert.timeNs), nowMs)}
      </span>
    </div>
  );
}
