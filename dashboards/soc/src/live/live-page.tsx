// Live: what is happening now, newest at the bottom, and whether all of it is seen.
import { EventPage } from '@sandtrail/console/contract/event-query';
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Query, read } from '../api/ask.ts';
import { problemOf } from '../api/problem-error.ts';
import { EventPanel } from '../event/event-panel.tsx';
import { families } from '../family/families.ts';
import { useKeys } from '../keys/use-keys.ts';
import type { EventListSearch } from '../search.ts';
import { Page } from '../shell/page.tsx';
import { ProblemNote } from '../shell/problem-note.tsx';
import { Waiting } from '../shell/waiting.tsx';
import { agoText, countText, msOf } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { EventList } from '../timeline/event-list.tsx';
import { type Filter, withoutOf } from '../timeline/filter.ts';
import { FilterBar } from '../timeline/filter-bar.tsx';
import { isFiltered } from '../timeline/row-filter.ts';
import { placeOf, rowKey } from '../timeline/row-key.ts';
import type { VisibleRow } from '../timeline/visible-rows.ts';
import { useFeedRows, useFeedState, useFollowed } from './feed-context.ts';
import { emptyRing, type Ring, ringWith } from './ring.ts';
import '../timeline/timeline-page.css';

const rowsMax = 20_000;
const firstRows = 500;

/** The page: first rows from the store, then the stream. */
export function LivePage() {
  const search = useSearch({ from: '/shell/live' });
  const navigate = useNavigate({ from: '/live' });
  const change = useCallback(
    (changes: Partial<EventListSearch>, { replace = false } = {}) => {
      void navigate({ search: (before) => ({ ...before, ...changes }), replace });
    },
    [navigate],
  );
  const onChosen = useCallback(
    (row: string, open: boolean) =>
      change(open ? { row, panel: 'open' } : { row }, { replace: !open }),
    [change],
  );
  const asked = askedOf(search);
  const tail = useTail(asked);
  const isOpen = search.panel === 'open';
  return (
    <Page crumbs="Live" title="Live">
      <h1 className="visually-hidden">Live events</h1>
      <div className="box timeline">
        <FilterBar
          count={<Shown {...tail} isFiltered={isFiltered(search)} />}
          filter={search}
          onFilter={(filter) => change(filter, { replace: true })}
        >
          <button
            aria-pressed={!tail.isFollowing}
            className="filter-chip"
            onClick={tail.turn}
            type="button"
          >
            {tail.isFollowing ? 'Pause' : 'Paused: go on'} <kbd>Space</kbd>
          </button>
        </FilterBar>
        <div className={isOpen ? 'timeline-body with-panel' : 'timeline-body'}>
          <div className="timeline-rows">
            {tail.query.error === null ? null : (
              <ProblemNote problem={problemOf(tail.query.error)} retry={tail.query.refetch} />
            )}
            <EventList
              chosen={search.row}
              empty={<Quiet isPending={tail.query.isPending} retry={tail.query.refetch} />}
              hasTree={false}
              isFollowing={tail.isFollowing}
              label="Events as they come"
              lines={tail.lines}
              onScrolledUp={tail.hold}
              onChosen={onChosen}
            />
            {tail.waiting === 0 ? null : (
              <button className="button timeline-fresh" onClick={tail.toNewest} type="button">
                {countText(tail.waiting)} new <kbd>G</kbd>
              </button>
            )}
          </div>
          {isOpen ? (
            <EventPanel onClose={() => change({ panel: undefined })} place={placeOf(search.row)} />
          ) : null}
        </div>
      </div>
    </Page>
  );
}

/** The filter of the address as the API takes it: here it searches in the server, over everything. */
function askedOf(filter: Filter): Query {
  const without = withoutOf(filter);
  const wanted = [...families.filter((family) => !without.includes(family)), 'finding'];
  return {
    text: filter.q,
    families: without.length === 0 ? undefined : wanted,
    kinds: filter.findings === 'only' ? 'finding' : undefined,
  };
}

/** The newest rows: followed at the end, held where they are while somebody reads above it. */
function useTail(asked: Query) {
  const key = JSON.stringify(asked);
  const query = useQuery({
    queryKey: ['live', key],
    queryFn: ({ signal }) =>
      read('/events', {
        answer: EventPage,
        query: { ...asked, edge: 'newest', limit: firstRows, totals: 'none' },
        signal,
      }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [ring, setRing] = useState<Ring<VisibleRow>>(emptyRing);
  const [held, setHeld] = useState<Ring<VisibleRow>>();
  useFollowed(asked);
  useEffect(() => {
    setRing(emptyRing);
    setHeld(undefined);
  }, [key]);
  useFeedRows((rows) => setRing((before) => ringWith(before, rows.map(lineOf), { rowsMax })));
  const shown = held ?? ring;
  const stored = useMemo(() => query.data?.rows.map(lineOf) ?? [], [query.data]);
  const lines = useMemo(() => joined(stored, shown), [stored, shown]);
  const came =
    ring.left + ring.rows.length - (held === undefined ? 0 : held.left + held.rows.length);
  const toNewest = () => setHeld(undefined);
  const turn = () => setHeld(held === undefined ? ring : undefined);
  useKeys({ pause: turn, newest: toNewest });
  const hold = () => setHeld((before) => before ?? ring);
  const isFollowing = held === undefined;
  return {
    ...{ query, lines, hold, turn, toNewest, isFollowing },
    left: shown.left,
    waiting: isFollowing ? 0 : came,
  };
}

/** The stored rows and after them the streamed ones, each once; rows that left took them along. */
function joined(stored: readonly VisibleRow[], { rows, left }: Ring<VisibleRow>) {
  if (left > 0) return rows;
  const streamed = new Set(rows.slice(0, firstRows).map(({ key }) => key));
  return stored.filter(({ key }) => !streamed.has(key)).concat(rows);
}

/** A row as the list shows it: made once, when it comes. */
function lineOf(row: EventRow): VisibleRow {
  return {
    ...{ key: rowKey(row), row, depth: 0, branch: 'none', findings: [], times: 1, isOlder: false },
    inside: { events: 0, byFamily: {}, worst: undefined },
  };
}

interface ShownProps {
  readonly lines: readonly VisibleRow[];
  readonly left: number;
  readonly isFiltered: boolean;
}

function Shown({ lines, left, isFiltered: filtered }: ShownProps) {
  const { status, notice } = useFeedState();
  const passed =
    status !== undefined && filtered
      ? ` · ${countText(status.passedOver)} passed over by the filter`
      : '';
  return (
    <>
      {countText(lines.length)} rows
      {left === 0 ? '' : ` · ${countText(left)} older ones left this page`}
      {passed}
      {notice === undefined ? '' : ` · ${notice}`}
    </>
  );
}

/** Why nothing is shown: quiet is told apart from blind. */
function Quiet({
  isPending,
  retry,
}: {
  readonly isPending: boolean;
  readonly retry: () => unknown;
}) {
  const { status } = useFeedState();
  const nowMs = useNow(1000);
  if (isPending) return <Waiting retry={retry} what="the newest events" />;
  const heard =
    status === undefined || status.heartbeatAtNs === null
      ? 'No collector has sent a heartbeat since this page opened: that nothing is shown does not mean that nothing happened.'
      : `${status.collectors} collectors send heartbeats, the last ${agoText(msOf(status.heartbeatAtNs), nowMs)}.`;
  return (
    <div className="page-note timeline-empty">
      <p>No events yet for this filter.</p>
      <p className="muted">{heard}</p>
    </div>
  );
}
