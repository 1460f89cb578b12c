// A list of events with its cursor and keys; the address follows the cursor a moment later.
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useKeys } from '../keys/use-keys.ts';
import { useRowHeight } from '../rows/row-height.ts';
import { RowList, type RowListHandle, type RowPlace } from '../rows/row-list.tsx';
import { EventLine } from './event-line.tsx';
import type { VisibleRow } from './visible-rows.ts';

interface EventListProps {
  readonly label: string;
  readonly lines: readonly VisibleRow[];
  readonly startMs?: number;
  /** True for a tree by cause, whose branches can be turned. */
  readonly hasTree: boolean;
  /** The key of the row under the cursor, as the address has it. */
  readonly chosen: string | undefined;
  readonly onChosen: (key: string, open: boolean) => void;
  readonly onTurn?: (key: string) => void;
  readonly onScrolledUp?: () => void;
  /** True keeps the newest row in view. */
  readonly isFollowing?: boolean;
  readonly empty: ReactNode;
}

const addressAfterMs = 200;
const never = () => undefined;

/** The list: `j k` rows, `h l` branches, `n p` findings, Enter the panel. */
export function EventList(props: EventListProps) {
  const { lines, startMs, hasTree, chosen, onChosen, onTurn = never, isFollowing } = props;
  const list = useRef<RowListHandle>(null);
  const [cursorKey, setCursorKey] = useState(chosen);
  const rowHeight = useRowHeight();
  const cursor = useMemo(
    () => (cursorKey === undefined ? -1 : lines.findIndex(({ key }) => key === cursorKey)),
    [lines, cursorKey],
  );
  useAddress({ cursorKey, chosen, onChosen, setCursorKey });
  useEffect(() => {
    if (isFollowing === true && lines.length > 0) list.current?.toEnd();
  }, [isFollowing, lines]);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current || cursor < 0) return;
    isFirst.current = false;
    list.current?.reveal(cursor);
  }, [cursor]);

  const moveTo = (at: number) => {
    const to = Math.max(0, Math.min(lines.length - 1, at));
    const line = lines[to];
    if (line === undefined) return;
    setCursorKey(line.key);
    list.current?.reveal(to);
  };
  useListKeys({ lines, cursor, moveTo, list, onChosen, onTurn });

  const latest = useRef({ onChosen, onTurn });
  latest.current = { onChosen, onTurn };
  const choose = useCallback((line: VisibleRow) => {
    setCursorKey(line.key);
    latest.current.onChosen(line.key, true);
  }, []);
  const turn = useCallback((line: VisibleRow) => latest.current.onTurn(line.key), []);
  const row = (place: RowPlace) => {
    const line = lines[place.at];
    if (line === undefined) return null;
    const own = { line, startMs, hasTree, isSelected: false, onChoose: choose, onTurn: turn };
    return <EventLine key={line.key} {...place} {...own} />;
  };
  return (
    <>
      <RowList
        {...(props.onScrolledUp === undefined ? {} : { onScrolledUp: props.onScrolledUp })}
        count={lines.length}
        cursor={cursor}
        header={<Head startMs={startMs} />}
        keyOf={(at) => lines[at]?.key ?? `${at}`}
        label={props.label}
        ref={list}
        role={hasTree ? 'treegrid' : 'grid'}
        row={row}
        rowHeight={rowHeight}
      />
      {lines.length === 0 ? props.empty : null}
    </>
  );
}

function Head({ startMs }: { readonly startMs: number | undefined }) {
  const time = startMs === undefined ? 'Time, UTC' : 'Time';
  return (
    <div aria-rowindex={1} className="row-list-head event-line-head" role="row">
      <span role="columnheader">{time}</span>
      <span className="event-line-kind" role="columnheader">
        Kind
      </span>
      <span role="columnheader">What happened</span>
      <span className="event-line-policy" role="columnheader">
        Policy
      </span>
      <span className="event-line-bytes" role="columnheader">
        Bytes
      </span>
    </div>
  );
}

interface AddressOptions {
  readonly cursorKey: string | undefined;
  readonly chosen: string | undefined;
  readonly onChosen: (key: string, open: boolean) => void;
  readonly setCursorKey: (key: string | undefined) => void;
}

/** The address follows the cursor; a Back or a link moves the cursor. */
function useAddress({ cursorKey, chosen, onChosen, setCursorKey }: AddressOptions): void {
  const told = useRef(chosen);
  useEffect(() => {
    if (cursorKey === undefined || cursorKey === told.current) return;
    const timer = setTimeout(() => {
      told.current = cursorKey;
      onChosen(cursorKey, false);
    }, addressAfterMs);
    return () => clearTimeout(timer);
  }, [cursorKey, onChosen]);
  useEffect(() => {
    if (chosen === told.current) return;
    told.current = chosen;
    setCursorKey(chosen);
  }, [chosen, setCursorKey]);
}

interface ListKeys {
  readonly lines: readonly VisibleRow[];
  readonly cursor: number;
  readonly moveTo: (at: number) => void;
  readonly list: { readonly current: RowListHandle | null };
  readonly onChosen: (key: string, open: boolean) => void;
  readonly onTurn: (key: string) => void;
}

function useListKeys({ lines, cursor, moveTo, list, onChosen, onTurn }: ListKeys): void {
  const line = lines[cursor];
  const hasFinding = ({ row, findings, branch, inside }: VisibleRow) =>
    row.finding !== null ||
    findings.length > 0 ||
    (branch === 'folded' && inside.worst !== undefined);
  const toFinding = (at: number) => {
    if (at >= 0) moveTo(at);
  };
  const pageRows = () => list.current?.pageRows() ?? 1;
  const parentOf = (depth: number) =>
    lines.findLastIndex((each, at) => at < cursor && each.depth < depth);
  useKeys({
    'next-row': () => moveTo(cursor + 1),
    'previous-row': () => moveTo(cursor - 1),
    'next-page': () => moveTo(cursor + pageRows()),
    'previous-page': () => moveTo(cursor - pageRows()),
    'next-finding': () => toFinding(lines.findIndex((each, at) => at > cursor && hasFinding(each))),
    'previous-finding': () =>
      toFinding(lines.findLastIndex((each, at) => at < cursor && hasFinding(each))),
    'open-panel': () => {
      if (line !== undefined) onChosen(line.key, true);
    },
    'open-branch': () => {
      if (line?.branch === 'folded' || (line !== undefined && line.times > 1)) onTurn(line.key);
    },
    'close-branch': () => {
      if (line?.branch === 'open') onTurn(line.key);
      else if (line !== undefined) toFinding(parentOf(line.depth));
    },
    'copy-link': () => navigator.clipboard.writeText(window.location.href),
  });
}
