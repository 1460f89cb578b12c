// The queue's rows, with the cursor's keys, the selection and its groups.
import type { Alert } from '@sandtrail/console/contract/alerts';
import { useEffect, useRef, useState } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { useRowHeight } from '../rows/row-height.ts';
import { RowList, type RowListHandle } from '../rows/row-list.tsx';
import { useNow } from '../time/use-now.ts';
import { AlertRow } from './alert-row.tsx';

interface AlertListProps {
  readonly alerts: readonly Alert[];
  readonly group: 'detector' | 'sandbox' | 'template' | undefined;
  /** The alert whose panel is open. */
  readonly chosen: string | undefined;
  readonly onChosen: (id: string, open: boolean) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelected: (ids: ReadonlySet<string>) => void;
}

const extraPx = 8;

/** The rows. The cursor stays on its alert while others come and go. */
export function AlertList(props: AlertListProps) {
  const { group, chosen, onChosen, selected } = props;
  const alerts = group === undefined ? props.alerts : grouped(props.alerts, group);
  const list = useRef<RowListHandle>(null);
  const [cursorId, setCursorId] = useState(chosen ?? alerts[0]?.id);
  const rowHeight = useRowHeight() + extraPx;
  const nowMs = useNow(5000);
  const found = alerts.findIndex(({ id }) => id === cursorId);
  const cursor = Math.max(0, found);
  useEffect(() => {
    if (chosen !== undefined) setCursorId(chosen);
  }, [chosen]);
  const moveTo = (at: number) => {
    const to = Math.max(0, Math.min(alerts.length - 1, at));
    const alert = alerts[to];
    if (alert === undefined) return;
    setCursorId(alert.id);
    list.current?.reveal(to);
    onChosen(alert.id, false);
  };
  useQueueKeys({ ...props, alerts, cursor, moveTo });
  return (
    <RowList
      count={alerts.length}
      cursor={cursor}
      header={<Head />}
      keyOf={(at) => alerts[at]?.id ?? `${at}`}
      label="Queue of alerts"
      ref={list}
      role="grid"
      row={(place) => {
        const alert = alerts[place.at];
        if (alert === undefined) return null;
        const before = alerts[place.at - 1];
        return (
          <AlertRow
            {...place}
            alert={alert}
            groupStart={
              group !== undefined &&
              (before === undefined || groupOf(before, group) !== groupOf(alert, group))
                ? groupOf(alert, group)
                : undefined
            }
            isSelected={selected.has(alert.id)}
            key={alert.id}
            nowMs={nowMs}
            onChoose={() => onChosen(alert.id, true)}
          />
        );
      }}
      rowHeight={rowHeight}
    />
  );
}

function groupOf(alert: Alert, group: NonNullable<AlertListProps['group']>): string {
  return {
    detector: alert.detector,
    sandbox: alert.sandbox,
    template: alert.template ?? 'no template',
  }[group];
}

/** Groups in the order of their first alert, which is the worst one. */
function grouped(
  alerts: readonly Alert[],
  group: NonNullable<AlertListProps['group']>,
): readonly Alert[] {
  return [...Map.groupBy(alerts, (alert) => groupOf(alert, group)).values()].flat();
}

interface QueueKeys extends AlertListProps {
  readonly cursor: number;
  readonly moveTo: (at: number) => void;
}

function useQueueKeys({ alerts, cursor, moveTo, onChosen, selected, onSelected }: QueueKeys): void {
  const anchor = useRef(0);
  const alert = alerts[cursor];
  const select = (from: number, to: number) => {
    const ids = alerts.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ id }) => id);
    onSelected(new Set([...selected, ...ids]));
  };
  useKeys({
    'next-row': () => moveTo(cursor + 1),
    'previous-row': () => moveTo(cursor - 1),
    'next-finding': () => moveTo(cursor + 1),
    'previous-finding': () => moveTo(cursor - 1),
    'open-panel': () => {
      if (alert !== undefined) onChosen(alert.id, true);
    },
    select: () => {
      if (alert === undefined) return;
      anchor.current = cursor;
      const next = new Set(selected);
      if (!next.delete(alert.id)) next.add(alert.id);
      onSelected(next);
    },
    'select-range': () => select(anchor.current, cursor),
    ...(selected.size === 0 ? {} : { back: () => onSelected(new Set()) }),
  });
}

function Head() {
  return (
    <div aria-rowindex={1} className="row-list-head alert-row-head" role="row">
      <span role="columnheader">Severity</span>
      <span role="columnheader">What was found</span>
      <span className="alert-row-more" role="columnheader">
        Sandbox
      </span>
      <span className="alert-row-more" role="columnheader">
        State
      </span>
      <span role="columnheader">Age</span>
    </div>
  );
}
