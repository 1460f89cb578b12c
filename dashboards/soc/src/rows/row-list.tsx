// Rows without end: only those in view are in the document, and only this leaf follows the scroll.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type Ref, useEffect, useId, useImperativeHandle, useRef } from 'react';
import { useIsNarrow } from './row-height.ts';
import './row-list.css';

/** What a page may do to its list. */
export interface RowListHandle {
  /** Brings a row into view; one that is in view stays where it is. */
  readonly reveal: (at: number) => void;
  readonly toEnd: () => void;
  /** How many rows fit. */
  readonly pageRows: () => number;
}

/** Where a row stands: what its own element needs. */
export interface RowPlace {
  readonly id: string;
  readonly at: number;
  readonly top: number;
  readonly isCursor: boolean;
}

interface RowListProps {
  /** What the list is, for who does not see it. */
  readonly label: string;
  readonly role: 'grid' | 'treegrid';
  readonly count: number;
  readonly rowHeight: number;
  readonly header: ReactNode;
  /** The row under the cursor; -1 for none. */
  readonly cursor: number;
  readonly row: (place: RowPlace) => ReactNode;
  readonly keyOf: (at: number) => string;
  readonly ref?: Ref<RowListHandle>;
  /** Told when a person scrolls away from the last row. */
  readonly onScrolledUp?: () => void;
}

const overscanRows = 12;
const headHeightPx = 28;

/** The list. Its state is its own, so that a frame of scrolling renders nothing else. */
export function RowList(props: RowListProps) {
  const { label, role, count, rowHeight, header, cursor, row, keyOf, ref, onScrolledUp } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const listId = useId();
  const headPx = useIsNarrow() ? 0 : headHeightPx;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan: overscanRows,
    // The head stands inside what scrolls, and stays on top of it.
    scrollMargin: headPx,
    scrollPaddingStart: headPx,
  });
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  useImperativeHandle(ref, () => ({
    reveal: (at) => virtual.scrollToIndex(at, { align: 'auto' }),
    toEnd: () => virtual.scrollToIndex(count - 1, { align: 'end' }),
    pageRows: () => Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1,
  }));
  const items = virtual.getVirtualItems();
  const isCursorDrawn = items.some((item) => item.index === cursor);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: grid and treegrid both take these
    <div
      aria-activedescendant={isCursorDrawn ? `${listId}${cursor}` : undefined}
      aria-label={label}
      aria-rowcount={count + 1}
      className="row-list"
      onScroll={({ currentTarget }) => {
        const { scrollTop, clientHeight, scrollHeight } = currentTarget;
        // Rows that come push the end away: only a person scrolls up.
        const isUp = scrollTop < lastTop.current;
        lastTop.current = scrollTop;
        if (isUp && scrollTop + clientHeight < scrollHeight - rowHeight) onScrolledUp?.();
      }}
      ref={scroller}
      role={role}
      tabIndex={0}
    >
      {header}
      <div className="row-list-all" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) =>
          row({
            id: `${listId}${item.index}`,
            at: item.index,
            top: item.start - headPx,
            isCursor: item.index === cursor,
          }),
        )}
      </div>
    </div>
  );
}
