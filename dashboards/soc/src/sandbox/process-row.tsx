// One process: what it ran, as whom, what it did, and how it ended.
import type { SandboxProcess } from '@sandtrail/console/contract/processes';
import type { RowPlace } from '../rows/row-list.tsx';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { Machine } from '../text/machine.tsx';
import { countText } from '../time/format-time.ts';
import type { ProcessLine } from './process-tree.ts';
import './process-row.css';

interface ProcessRowProps extends RowPlace {
  readonly line: ProcessLine;
  readonly onOpen: (line: ProcessLine) => void;
  readonly onTurn: (key: string) => void;
}

const depthMax = 14;
const indentPx = 14;

/** The row. */
export function ProcessRow({ line, id, at, top, isCursor, onOpen, onTurn }: ProcessRowProps) {
  const { process, depth, branch, inside, worst, worstInside, key } = line;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys, by its active descendant
    <div
      aria-expanded={branch === 'none' ? undefined : branch === 'open'}
      aria-level={depth + 1}
      aria-rowindex={at + 2}
      aria-selected={isCursor}
      className={`row-list-row process-row ${worst === undefined ? '' : `event-line-${worst}`}`}
      id={id}
      onClick={() => onOpen(line)}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
    >
      <span
        className="event-line-what"
        role="gridcell"
        style={{ paddingLeft: Math.min(depth, depthMax) * indentPx }}
      >
        <span
          aria-hidden="true"
          className="event-line-turn"
          onClick={(event) => {
            event.stopPropagation();
            if (branch !== 'none') onTurn(key);
          }}
        >
          {branch === 'none' ? '' : branch === 'open' ? '▼' : '▶'}
        </span>
        {worst === undefined ? null : <SeverityChip severity={worst} word={`${worst} finding`} />}
        <span className="machine-font faint">{process.pid}</span>
        <span className="event-line-cut">
          <Machine charsMax={400} text={commandOf(process)} />
        </span>
        <Remarks process={process} />
        {branch === 'folded' ? <span className="muted">{countText(inside)} inside</span> : null}
        {branch === 'folded' && worstInside !== undefined ? (
          <SeverityChip severity={worstInside} word={`${worstInside} finding`} />
        ) : null}
      </span>
      <span className="process-row-more muted" role="gridcell">
        {process.uid === null ? '' : `uid ${process.uid}`}
      </span>
      <span className="process-row-more muted event-line-cut" role="gridcell">
        {Object.entries(process.events)
          .map(([family, count]) => `${count} ${family}`)
          .join(', ')}
      </span>
      <span className="process-row-more muted" role="gridcell">
        {endOf(process)}
      </span>
    </div>
  );
}

function Remarks({ process: { orphan, origin } }: { readonly process: SandboxProcess }) {
  const remarks = [
    ...(orphan === 'not_seen' ? ['parent not seen'] : []),
    ...(orphan === 'before_start' ? ['was there before'] : []),
    ...(origin === 'memory' || origin === 'deleted' ? [`ran from ${origin}`] : []),
  ];
  return remarks.length === 0 ? null : <span className="muted">{remarks.join(', ')}</span>;
}

function commandOf({ argv, exe, argvOmitted }: SandboxProcess): string {
  if (argv.length === 0) return exe?.raw ?? '(forked, ran no program of its own)';
  const omitted = argvOmitted > 0 ? ` … ${argvOmitted} more` : '';
  return `${argv.join(' ')}${omitted}`;
}

function endOf({ exitAtNs, exitCode, exitSignal }: SandboxProcess): string {
  if (exitAtNs === null) return 'no end seen';
  if (exitSignal !== null && exitSignal !== 0) return `signal ${exitSignal}`;
  return exitCode === null ? 'ended' : `exit ${exitCode}`;
}
