// Sandboxes: who runs, how each stands, and which of them has findings.
import type { SandboxSummary } from '@sandtrail/console/contract/sandboxes';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { levelWords } from '../containment/levels.ts';
import { useKeys } from '../keys/use-keys.ts';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { severities } from '../severity/severity-rank.ts';
import { Answered } from '../shell/answered.tsx';
import { Page } from '../shell/page.tsx';
import { TableCursor } from '../shell/table-cursor.tsx';
import { Machine } from '../text/machine.tsx';
import { agoText, countText, msOf, utcText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { sandboxesQuery } from './sandbox-queries.ts';

/** The page. */
export function SandboxesPage() {
  const { q } = useSearch({ from: '/shell/sandboxes' });
  const navigate = useNavigate({ from: '/sandboxes' });
  const field = useRef<HTMLInputElement>(null);
  useKeys({ filter: () => field.current?.focus() });
  const query = useQuery(sandboxesQuery({ search: q, limit: 200 }));
  return (
    <Page crumbs="Sandboxes" title="Sandboxes">
      <div className="page-head">
        <h1>Sandboxes</h1>
        <input
          aria-label="Filter by name, uid or template"
          className="field"
          onChange={({ target: { value } }) =>
            navigate({ search: { q: value === '' ? undefined : value }, replace: true })
          }
          placeholder="Filter: name, uid, template"
          ref={field}
          type="text"
          value={q ?? ''}
        />
      </div>
      <Answered query={query} what="the sandboxes">
        {({ sandboxes, total }) =>
          sandboxes.length === 0 ? (
            <Empty isFiltered={q !== undefined} />
          ) : (
            <>
              <p className="muted">
                {countText(sandboxes.length)} of {countText(total)} shown, newest first
              </p>
              <SandboxTable sandboxes={sandboxes} />
            </>
          )
        }
      </Answered>
    </Page>
  );
}

function Empty({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <div className="box page-note">
      <p>
        {isFiltered
          ? 'No sandbox has that name, uid or template.'
          : 'No sandbox is in the record yet.'}
      </p>
      {isFiltered ? (
        <Link className="button" search={{}} to="/sandboxes">
          Clear the filter
        </Link>
      ) : (
        <p className="machine-font">
          npx sandtrail run --policy deploy/policy.example.yaml -- bash
        </p>
      )}
    </div>
  );
}

function SandboxTable({ sandboxes }: { readonly sandboxes: readonly SandboxSummary[] }) {
  const nowMs = useNow(1000);
  return (
    <TableCursor className="box page-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Sandbox</th>
            <th scope="col">State</th>
            <th scope="col">Findings</th>
            <th scope="col">Template</th>
            <th scope="col">Isolation</th>
            <th className="table-number" scope="col">
              Events
            </th>
            <th className="table-number" scope="col">
              Lost
            </th>
            <th scope="col">Created, UTC</th>
          </tr>
        </thead>
        <tbody>
          {sandboxes.map((sandbox) => (
            <Row key={`${sandbox.uid} ${sandbox.incarnation}`} nowMs={nowMs} sandbox={sandbox} />
          ))}
        </tbody>
      </table>
    </TableCursor>
  );
}

function Row({ sandbox, nowMs }: { readonly sandbox: SandboxSummary; readonly nowMs: number }) {
  const { uid, incarnation, name, template, isolation, isolationDeclared, events } = sandbox;
  const createdMs = msOf(sandbox.createdAtNs);
  return (
    <tr>
      <td>
        <Link
          params={{ uid, incarnation: `${incarnation}` }}
          to="/sandboxes/$uid/$incarnation/timeline"
        >
          <Machine text={name} />
        </Link>{' '}
        <span className="machine-font faint">{uid.slice(0, 12)}</span>
      </td>
      <td>
        <SandboxStatePill sandbox={sandbox} />
      </td>
      <td>
        <FindingCounts findings={sandbox.findings} />
      </td>
      <td>
        {template === null ? <span className="faint">none</span> : <Machine text={template} />}
      </td>
      <td>
        {isolation}
        {isolation === isolationDeclared ? '' : `, declared ${isolationDeclared}`}
      </td>
      <td className="table-number">{countText(events)}</td>
      <td className="table-number">
        {sandbox.lost}
        {sandbox.lostUnknown > 0 ? '+' : ''}
      </td>
      <td>
        <span className="machine-font">{utcText(createdMs).slice(0, 19)}</span>{' '}
        <span className="muted">{agoText(createdMs, nowMs)}</span>
      </td>
    </tr>
  );
}

/** The state of a sandbox; containment is blue, and what no longer holds is said. */
export function SandboxStatePill({ sandbox }: { readonly sandbox: SandboxSummary }) {
  const { state, level, holds, waiting } = sandbox;
  const isContained = level !== 'L0';
  const word = isContained && state === 'running' ? levelWords[level].name : state;
  return (
    <>
      <span className={isContained ? 'pill pill-contained' : 'pill'}>{word}</span>
      {holds ? null : <span className="muted"> does not hold</span>}
      {waiting === 0 ? null : <span className="muted"> {waiting} waiting</span>}
    </>
  );
}

/** Findings by severity: shape, word and number. */
export function FindingCounts({ findings }: Pick<SandboxSummary, 'findings'>) {
  const found = severities.filter((severity) => (findings[severity] ?? 0) > 0);
  if (found.length === 0) return <span className="faint">none</span>;
  return (
    <span className="finding-counts">
      {found.map((severity) => (
        <SeverityChip
          key={severity}
          severity={severity}
          word={`${findings[severity] ?? 0} ${severity}`}
        />
      ))}
    </span>
  );
}
