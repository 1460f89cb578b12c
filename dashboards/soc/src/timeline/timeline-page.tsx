// The timeline of a sandbox: what it did by cause or by time, with the event's panel beside it.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from 'react';
import { problemOf } from '../api/problem-error.ts';
import { EventPanel } from '../event/event-panel.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { sandboxQuery } from '../sandbox/sandbox-queries.ts';
import type { TimelineSearch } from '../search.ts';
import { ProblemNote } from '../shell/problem-note.tsx';
import { Waiting } from '../shell/waiting.tsx';
import { countText, msOf } from '../time/format-time.ts';
import { causeTree } from './cause-tree.ts';
import { EventList } from './event-list.tsx';
import { FilterBar } from './filter-bar.tsx';
import { isFiltered, rowTest } from './row-filter.ts';
import { placeOf } from './row-key.ts';
import { type EventPages, useEventPages } from './use-event-pages.ts';
import { useWholeText } from './use-whole-text.ts';
import { nodesByTime, rowsByCause, rowsByTime, type VisibleRow } from './visible-rows.ts';
import './timeline-page.css';

const RateChart = lazy(() =>
  import('./rate-chart.tsx').then(({ RateChart }) => ({ default: RateChart })),
);
const turnedMax = 40;

/** The page. All of its state is in the address. */
export function TimelinePage() {
  const { uid, incarnation } = useParams({ from: '/shell/sandboxes/$uid/$incarnation/timeline' });
  const search = useSearch({ from: '/shell/sandboxes/$uid/$incarnation/timeline' });
  const change = useChange();
  const { data: sandbox } = useQuery(sandboxQuery(uid, Number(incarnation)));
  const asked = { sandbox: uid, incarnation };
  const range = { sinceNs: search.since, untilNs: search.until };
  const pages = useEventPages(asked, range);
  const found = useWholeText({ ...asked, ...range }, search.q);
  const lines = useLines(pages, search, found.keys);
  const startMs = msOf(sandbox?.createdAtNs ?? '0');
  const byTime = search.order === 'time';
  useKeys({
    order: () => change({ order: byTime ? undefined : 'time' }),
    newest: pages.showFresh,
  });
  return (
    <div className="box timeline">
      <Suspense fallback={<div className="rate-chart" />}>
        <RateChart
          incarnation={incarnation}
          onFinding={(row) => change({ row, panel: 'open' })}
          onRange={(sinceNs, untilNs) => change({ since: sinceNs, until: untilNs })}
          range={range}
          rows={pages.rows}
          startMs={startMs}
          uid={uid}
        />
      </Suspense>
      <FilterBar
        count={<Shown found={found} lines={lines} pages={pages} />}
        filter={search}
        onFilter={(filter) => change(filter, { replace: true })}
      >
        <Order byTime={byTime} onOrder={(order) => change({ order })} />
      </FilterBar>
      <TimelineBody change={change} lines={lines} pages={pages} search={search} startMs={startMs} />
    </div>
  );
}

interface TimelineBodyProps {
  readonly lines: readonly VisibleRow[];
  readonly pages: EventPages;
  readonly search: TimelineSearch;
  readonly startMs: number;
  readonly change: ReturnType<typeof useChange>;
}

/** The rows, and beside them the panel of the one that is chosen. */
function TimelineBody({ lines, pages, search, startMs, change }: TimelineBodyProps) {
  const onChosen = useCallback(
    (row: string, open: boolean) =>
      change(open ? { row, panel: 'open' } : { row }, { replace: !open }),
    [change],
  );
  const turned = search.turned?.split(',') ?? [];
  const turn = (key: string) => {
    const next = turned.includes(key) ? turned.filter((each) => each !== key) : [...turned, key];
    change({ turned: next.slice(-turnedMax).join(',') || undefined });
  };
  const isOpen = search.panel === 'open';
  const byTime = search.order === 'time';
  return (
    <div className={isOpen ? 'timeline-body with-panel' : 'timeline-body'}>
      <div className="timeline-rows">
        {pages.query.error === null ? null : (
          <ProblemNote problem={problemOf(pages.query.error)} retry={pages.query.refetch} />
        )}
        <EventList
          chosen={search.row}
          empty={<Empty onClear={() => change(cleared)} pages={pages} />}
          hasTree={!byTime}
          label={byTime ? 'Events by time' : 'Events by cause'}
          lines={lines}
          onChosen={onChosen}
          onTurn={turn}
          startMs={startMs}
        />
        {pages.fresh === 0 ? null : (
          <button className="button timeline-fresh" onClick={pages.showFresh} type="button">
            {countText(pages.fresh)} new <kbd>G</kbd>
          </button>
        )}
      </div>
      {isOpen ? (
        <EventPanel
          findings={lines.find(({ key }) => key === search.row)?.findings.flatMap(idOf) ?? []}
          onClose={() => change({ panel: undefined })}
          place={placeOf(search.row)}
        />
      ) : null}
    </div>
  );
}

function idOf({ finding }: EventRow): readonly string[] {
  return finding === null ? [] : [finding.id];
}

const cleared = {
  ...{ q: undefined, without: undefined, findings: undefined, since: undefined, until: undefined },
} as const;

/** Changes the address: a step that Back undoes, unless it only follows the cursor or typing. */
function useChange() {
  const navigate = useNavigate({ from: '/sandboxes/$uid/$incarnation/timeline' });
  return useCallback(
    (change: Partial<TimelineSearch>, { replace = false } = {}) => {
      void navigate({ search: (before) => ({ ...before, ...change }), replace });
    },
    [navigate],
  );
}

function useLines(
  pages: EventPages,
  search: TimelineSearch,
  found: ReadonlySet<string>,
): readonly VisibleRow[] {
  const roots = useMemo(() => causeTree(pages.rows), [pages.rows]);
  const nodes = useMemo(() => nodesByTime(roots), [roots]);
  // Typing stays quick: the rows follow what is typed, and may be a moment behind it.
  const { q, without, findings, order, turned } = useDeferredValue(search);
  return useMemo(() => {
    const filter = { q, without, findings };
    const visibility = {
      matches: rowTest(filter, found),
      isFiltered: isFiltered(filter),
      turned: new Set(turned?.split(',') ?? []),
    };
    return order === 'time' ? rowsByTime(nodes, visibility) : rowsByCause(roots, visibility);
  }, [roots, nodes, q, without, findings, order, turned, found]);
}

interface ShownProps {
  readonly lines: readonly VisibleRow[];
  readonly pages: EventPages;
  readonly found: ReturnType<typeof useWholeText>;
}

function Shown({ lines, pages, found }: ShownProps) {
  const { rows, total, isLoading, isBounded } = pages;
  const all = total === undefined ? countText(rows.length) : countText(total);
  const loaded = isLoading || isBounded ? ` · ${countText(rows.length)} loaded` : '';
  const bounded = isBounded ? ', narrow the range to see the others' : '';
  return (
    <>
      {countText(lines.length)} rows of {all} events
      {loaded}
      {bounded}
      {found.words}
    </>
  );
}

interface OrderProps {
  readonly byTime: boolean;
  readonly onOrder: (order: 'time' | undefined) => void;
}

function Order({ byTime, onOrder }: OrderProps) {
  return (
    <fieldset aria-label="Order" className="segments">
      <button
        aria-pressed={!byTime}
        className="segment"
        onClick={() => onOrder(undefined)}
        type="button"
      >
        By cause
      </button>
      <button
        aria-pressed={byTime}
        className="segment"
        onClick={() => onOrder('time')}
        type="button"
      >
        By time
      </button>
    </fieldset>
  );
}

function Empty({ pages, onClear }: { readonly pages: EventPages; readonly onClear: () => void }) {
  if (pages.query.isPending) return <Waiting retry={pages.query.refetch} what="the events" />;
  if (pages.query.error !== null) return null;
  return (
    <div className="page-note timeline-empty">
      <p>No event matches; {countText(pages.total ?? pages.rows.length)} are here.</p>
      <button className="button" onClick={onClear} type="button">
        Clear filters
      </button>
    </div>
  );
}
