// Audit: who did what here, whatever door they came through; each act leads to its sealed event.
import { AuditPage as AuditAnswer, type AuditEntry } from '@sandtrail/console/contract/audit';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../api/ask.ts';
import { problemOf } from '../api/problem-error.ts';
import { Page } from '../shell/page.tsx';
import { ProblemNote } from '../shell/problem-note.tsx';
import { TableCursor } from '../shell/table-cursor.tsx';
import { Waiting } from '../shell/waiting.tsx';
import { Machine } from '../text/machine.tsx';
import { agoText, countText, msOf, utcText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';

const outcomes = [undefined, 'done', 'refused', 'failed'] as const;

/** The page. */
export function AuditPage() {
  const search = useSearch({ from: '/shell/audit' });
  const query = useInfiniteQuery({
    queryKey: ['audit', search],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read('/audit', { answer: AuditAnswer, query: { ...search, before: pageParam }, signal }),
    getNextPageParam: (page) => page.before,
  });
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Page crumbs="Audit" title="Audit">
      <div className="page-head">
        <h1>Audit</h1>
        <AuditFilters />
      </div>
      {query.error === null ? null : (
        <ProblemNote problem={problemOf(query.error)} retry={query.refetch} />
      )}
      {query.isPending ? <Waiting retry={query.refetch} what="the acts" /> : null}
      {query.data === undefined ? null : (
        <p className="muted">
          {countText(entries.length)} of {countText(query.data.pages[0]?.total ?? entries.length)}{' '}
          shown, newest first
        </p>
      )}
      {query.data !== undefined && entries.length === 0 ? (
        <p>Nobody did anything that fits this filter.</p>
      ) : null}
      {entries.length === 0 ? null : (
        <TableCursor className="box page-scroll">
          <Entries entries={entries} />
          {query.hasNextPage ? (
            <div className="page-note">
              <button className="button" onClick={() => query.fetchNextPage()} type="button">
                Older acts
              </button>
            </div>
          ) : null}
        </TableCursor>
      )}
    </Page>
  );
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const nowMs = useNow(1000);
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Time, UTC</th>
          <th scope="col">Who</th>
          <th scope="col">Act</th>
          <th scope="col">Outcome</th>
          <th scope="col">Detail</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={`${entry.at.chain} ${entry.at.pos}`}>
            <td>
              <Link params={entry.at} to="/e/$chain/$pos">
                <span className="machine-font">{utcText(msOf(entry.timeNs)).slice(0, 19)}</span>
              </Link>{' '}
              <span className="muted">{agoText(msOf(entry.timeNs), nowMs)}</span>
            </td>
            <td>
              <Machine speech text={entry.actor} />
            </td>
            <td>{entry.act}</td>
            <td>{entry.outcome === 'done' ? 'done' : <strong>{entry.outcome}</strong>}</td>
            <td className="audit-detail">
              <Machine charsMax={300} text={entry.detail} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AuditFilters() {
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate({ from: '/audit' });
  return (
    <search className="filters">
      <input
        aria-label="Filter by actor"
        className="field"
        onChange={({ target: { value } }) =>
          navigate({
            search: { ...search, actor: value === '' ? undefined : value },
            replace: true,
          })
        }
        placeholder="Filter: actor, exactly"
        type="text"
        value={search.actor ?? ''}
      />
      <fieldset aria-label="Outcome" className="segments">
        {outcomes.map((outcome) => (
          <button
            aria-pressed={search.outcome === outcome}
            className="segment"
            key={outcome ?? 'all'}
            onClick={() => navigate({ search: { ...search, outcome } })}
            type="button"
          >
            {outcome ?? 'all'}
          </button>
        ))}
      </fieldset>
    </search>
  );
}
