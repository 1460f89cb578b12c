// Processes: which did it, from whom; a tree with the path to findings open.
import type { ProcessList } from '@sandtrail/console/contract/processes';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { EventPanel } from '../event/event-panel.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { useRowHeight } from '../rows/row-height.ts';
import { RowList, type RowListHandle } from '../rows/row-list.tsx';
import { Answered } from '../shell/answered.tsx';
import { countText } from '../time/format-time.ts';
import { placeOf, rowKey } from '../timeline/row-key.ts';
import { ProcessRow } from './process-row.tsx';
import { type ProcessLine, processLines } from './process-tree.ts';
import { processesQuery } from './sandbox-queries.ts';
import '../timeline/timeline-page.css';

/** The page. */
export function ProcessesPage() {
  const params = useParams({ from: '/shell/sandboxes/$uid/$incarnation/processes' });
  const query = useQuery(processesQuery(params.uid, params.incarnation));
  return (
    <Answered query={query} what="the processes">
      {(list) => <Tree list={list} />}
    </Answered>
  );
}

function Tree({ list }: { readonly list: ProcessList }) {
  const search = useSearch({ from: '/shell/sandboxes/$uid/$incarnation/processes' });
  const navigate = useNavigate({ from: '/sandboxes/$uid/$incarnation/processes' });
  const turned = useMemo(() => new Set(search.turned?.split(',') ?? []), [search.turned]);
  const lines = useMemo(() => processLines(list.processes, turned), [list.processes, turned]);
  const isOpen = search.panel === 'open';
  const turn = (key: string) => {
    const next = new Set(turned);
    if (!next.delete(key)) next.add(key);
    const joined = [...next].join(',');
    void navigate({
      search: (before) => ({ ...before, turned: joined === '' ? undefined : joined }),
      replace: true,
    });
  };
  const open = (line: ProcessLine) => {
    const { at } = line.process;
    if (at !== null) {
      void navigate({ search: (before) => ({ ...before, row: rowKey(at), panel: 'open' }) });
    }
  };
  if (list.processes.length === 0) return <Empty isWatched={list.isWatched} />;
  return (
    <div className="box timeline">
      <p className="process-count muted" role="status">
        {countText(lines.length)} of {countText(list.total)} shown
        {list.shown < list.total ? `; the API sent ${countText(list.shown)}` : ''}
      </p>
      <div className={isOpen ? 'timeline-body with-panel' : 'timeline-body'}>
        <Rows lines={lines} onOpen={open} onTurn={turn} />
        {isOpen ? (
          <EventPanel
            onClose={() => navigate({ search: (before) => ({ ...before, panel: undefined }) })}
            place={placeOf(search.row)}
          />
        ) : null}
      </div>
    </div>
  );
}

interface RowsProps {
  readonly lines: readonly ProcessLine[];
  readonly onOpen: (line: ProcessLine) => void;
  readonly onTurn: (key: string) => void;
}

function Rows({ lines, onOpen, onTurn }: RowsProps) {
  const list = useRef<RowListHandle>(null);
  const [cursorKey, setCursorKey] = useState(lines[0]?.key);
  const cursor = lines.findIndex(({ key }) => key === cursorKey);
  const line = lines[cursor];
  const rowHeight = useRowHeight();
  const moveTo = (at: number) => {
    const to = Math.max(0, Math.min(lines.length - 1, at));
    setCursorKey(lines[to]?.key);
    list.current?.reveal(to);
  };
  const toFinding = (at: number) => {
    if (at >= 0) moveTo(at);
  };
  useKeys({
    'next-row': () => moveTo(cursor + 1),
    'previous-row': () => moveTo(cursor - 1),
    'next-finding': () =>
      toFinding(lines.findIndex(({ worst }, at) => at > cursor && worst !== undefined)),
    'previous-finding': () =>
      toFinding(lines.findLastIndex(({ worst }, at) => at < cursor && worst !== undefined)),
    'open-panel': () => {
      if (line !== undefined) onOpen(line);
    },
    'open-branch': () => {
      if (line?.branch === 'folded') onTurn(line.key);
    },
    'close-branch': () => {
      if (line?.branch === 'open') onTurn(line.key);
    },
  });
  return (
    <div className="timeline-rows">
      <RowList
        count={lines.length}
        cursor={cursor}
        header={<Head />}
        keyOf={(at) => lines[at]?.key ?? `${at}`}
        label="Processes"
        ref={list}
        role="treegrid"
        row={(place) => {
          const each = lines[place.at];
          return each === undefined ? null : (
            <ProcessRow {...place} key={each.key} line={each} onOpen={onOpen} onTurn={onTurn} />
          );
        }}
        rowHeight={rowHeight}
      />
    </div>
  );
}

function Head() {
  return (
    <div aria-rowindex={1} className="row-list-head process-row-head" role="row">
      <span role="columnheader">Process</span>
      <span className="process-row-more" role="columnheader">
        User
      </span>
      <span className="process-row-more" role="columnheader">
        Events
      </span>
      <span className="process-row-more" role="columnheader">
        End
      </span>
    </div>
  );
}

function Empty({ isWatched }: { readonly isWatched: boolean }) {
  return (
    <div className="box page-note">
      {isWatched ? (
        <p>No process has been seen yet; a collector here watches for them.</p>
      ) : (
        <p>No collector here sees processes: an empty list says nothing about what ran.</p>
      )}
    </div>
  );
}
