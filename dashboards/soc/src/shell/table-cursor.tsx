// Keys of a short table: `j k` move between its rows, Enter opens the row's link.
import { type ReactNode, useRef } from 'react';
import { useKeys } from '../keys/use-keys.ts';

interface TableCursorProps {
  readonly className: string;
  readonly children: ReactNode;
}

/** Moves the focus from link to link: what is in focus is what Enter opens. */
export function TableCursor({ className, children }: TableCursorProps) {
  const place = useRef<HTMLDivElement>(null);
  const step = (by: number) => () => {
    const links = [
      ...(place.current?.querySelectorAll<HTMLElement>('tbody tr a, tbody tr button') ?? []),
    ];
    const rows = [...new Set(links.map((link) => link.closest('tr')))];
    const at = rows.indexOf(document.activeElement?.closest('tr') ?? null);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    next?.querySelector<HTMLElement>('a, button')?.focus();
  };
  useKeys({ 'next-row': step(1), 'previous-row': step(-1) });
  return (
    <div className={className} ref={place}>
      {children}
    </div>
  );
}
