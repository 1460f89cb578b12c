// Alerts: what needs somebody first, worst and oldest on top, with the alert's panel beside it.
import type { Alert, AlertPage } from '@sandtrail/console/contract/alerts';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { SidePanel } from '../event/event-panel.tsx';
import { useKeys } from '../keys/use-keys.ts';
import type { AlertSearch } from '../search.ts';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { severities } from '../severity/severity-rank.ts';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { agoText, countText, msOf } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { AlertActs } from './alert-acts.tsx';
import { AlertList } from './alert-list.tsx';
import { AlertOrigin } from './alert-origin.tsx';
import { alertsQuery } from './alert-queries.ts';
import { AlertSection } from './alert-section.tsx';
import './alerts-page.css';

const alertsMax = 500;

/** The queue; `/alerts/ID` is the same with a panel. */
export function AlertsPage() {
  const { id } = useParams({ strict: false });
  const search: AlertSearch = useSearch({ strict: false });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const go = useGo(search);
  const field = useRef<HTMLInputElement>(null);
  useKeys({ filter: () => field.current?.focus() });
  const states = search.states ?? 'open,acknowledged';
  const query = useQuery(
    alertsQuery({
      ...{ states, severities: search.severities, detectors: search.detector, search: search.q },
      limit: alertsMax,
    }),
  );
  return (
    <Page crumbs="Alerts" title="Alerts">
      <div className="page-head">
        <h1>Alerts</h1>
        <Filters
          field={field}
          onChange={(change) => go(id, change, true)}
          page={query.data}
          search={search}
        />
      </div>
      <div className={id === undefined ? 'box alerts' : 'box alerts with-panel'}>
        <div className="alerts-queue">
          {selected.size === 0 ? null : (
            <div className="alerts-many">
              <strong>{selected.size} selected</strong>
              <AlertActs alerts={alertsOf(query.data, selected)} />
            </div>
          )}
          <Answered query={query} what="the alerts">
            {(page) =>
              page.alerts.length === 0 ? (
                <Empty page={page} />
              ) : (
                <AlertList
                  alerts={page.alerts}
                  chosen={id}
                  group={search.group}
                  onChosen={(next, open) => {
                    if (open || id !== undefined) go(next, {}, !open);
                  }}
                  onSelected={setSelected}
                  selected={selected}
                />
              )
            }
          </Answered>
        </div>
        {id === undefined ? null : (
          <SidePanel label="Alert" onClose={() => go(undefined, {}, false)}>
            <AlertSection id={id} key={id} />
            <AlertOrigin id={id} key={`${id} origin`} />
          </SidePanel>
        )}
      </div>
    </Page>
  );
}

/** Goes to an alert's address, or the queue's, with the filter. */
function useGo(search: AlertSearch) {
  const navigate = useNavigate();
  return (id: string | undefined, change: AlertSearch, replace: boolean) => {
    const next = { ...search, ...change };
    if (id === undefined) void navigate({ to: '/alerts', search: next, replace });
    else void navigate({ to: '/alerts/$id', params: { id }, search: next, replace });
  };
}

function alertsOf(page: AlertPage | undefined, ids: ReadonlySet<string>): readonly Alert[] {
  return page?.alerts.filter(({ id }) => ids.has(id)) ?? [];
}

interface FiltersProps {
  readonly search: AlertSearch;
  readonly page: AlertPage | undefined;
  readonly onChange: (change: AlertSearch) => void;
  readonly field: { readonly current: HTMLInputElement | null };
}

const groups = [undefined, 'detector', 'sandbox', 'template'] as const;
const stateViews = [
  { states: undefined, word: 'to do' },
  { states: 'closed', word: 'closed' },
  { states: 'open,acknowledged,closed', word: 'all' },
] as const;

function Filters({ search, page, onChange, field }: FiltersProps) {
  const next = groups[(groups.indexOf(search.group) + 1) % groups.length];
  return (
    <search className="filters">
      <input
        aria-label="Filter by title, sandbox or detector"
        className="field"
        onChange={({ target: { value } }) => onChange({ q: value === '' ? undefined : value })}
        placeholder="Filter: title, sandbox, detector"
        ref={field}
        type="text"
        value={search.q ?? ''}
      />
      {severities
        .filter((severity) => (page?.bySeverity[severity] ?? 0) > 0)
        .map((severity) => (
          <button
            aria-pressed={search.severities === severity}
            className="filter-chip"
            key={severity}
            onClick={() =>
              onChange({ severities: search.severities === severity ? undefined : severity })
            }
            type="button"
          >
            <SeverityChip
              severity={severity}
              word={`${page?.bySeverity[severity] ?? 0} ${severity}`}
            />
          </button>
        ))}
      <fieldset aria-label="State" className="segments">
        {stateViews.map(({ states, word }) => (
          <button
            aria-pressed={search.states === states}
            className="segment"
            key={word}
            onClick={() => onChange({ states })}
            type="button"
          >
            {word}
          </button>
        ))}
      </fieldset>
      <button className="button" onClick={() => onChange({ group: next })} type="button">
        Group: {search.group ?? 'none'}
      </button>
    </search>
  );
}

/** An empty queue says since when, and that older findings may lie beyond it. */
function Empty({ page }: { readonly page: AlertPage }) {
  const nowMs = useNow(1000);
  const last =
    page.lastAtNs === null
      ? 'No finding is in the record.'
      : `The last finding came ${agoText(msOf(page.lastAtNs), nowMs)}.`;
  return (
    <div className="page-note">
      <p>The queue is empty for this filter. {last}</p>
      <p className="muted">
        {countText(page.total)} alerts in all: {page.byState.open} open, {page.byState.acknowledged}{' '}
        acknowledged, {page.byState.closed} closed.
        {page.beyondBound === 0
          ? ''
          : ` ${countText(page.beyondBound)} older findings are found under Live, not here.`}
      </p>
    </div>
  );
}
