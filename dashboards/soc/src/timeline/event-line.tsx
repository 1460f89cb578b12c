// One event as a row of a list: when, what kind, what happened, what the policy said, how much left.
import { memo } from 'react';
import { FamilyMark } from '../family/family-mark.tsx';
import type { RowPlace } from '../rows/row-list.tsx';
import { SeverityChip } from '../severity/severity-chip.tsx';
import { worstOf } from '../severity/severity-rank.ts';
import { Machine } from '../text/machine.tsx';
import { bytesText, clockText, countText, msOf, sinceStart } from '../time/format-time.ts';
import { insideText } from './inside-text.ts';
import type { VisibleRow } from './visible-rows.ts';
import './event-line.css';

interface EventLineProps extends RowPlace {
  readonly line: VisibleRow;
  /** Times are told since then; undefined tells them by the clock, in UTC. */
  readonly startMs: number | undefined;
  readonly isSelected: boolean;
  readonly onChoose: (line: VisibleRow) => void;
  readonly onTurn: (line: VisibleRow) => void;
  readonly hasTree: boolean;
}

const summaryCharsMax = 512;
const depthMax = 14;
const indentPx = 14;

/** The row. It renders anew only when its own event or place changes. */
export const EventLine = memo(function EventLine(props: EventLineProps) {
  const { line, id, at, top, isCursor, isSelected, onChoose, hasTree } = props;
  const { row, branch, depth } = line;
  const open = branch === 'none' ? undefined : branch === 'open';
  const tree = hasTree ? { 'aria-level': depth + 1, 'aria-expanded': open } : {};
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys, by its active descendant
    <div
      {...tree}
      aria-rowindex={at + 2}
      aria-selected={isCursor}
      className={`row-list-row event-line ${toneOf(line)}`}
      data-chosen={isSelected ? '' : undefined}
      id={id}
      onClick={() => onChoose(line)}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
    >
      <TimeCell {...props} />
      <span className="event-line-kind" role="gridcell">
        <FamilyMark family={row.family} />
        <span className="event-line-cut">{row.kind}</span>
      </span>
      <What {...props} />
      <span className="event-line-policy muted" role="gridcell">
        {row.isDenied ? '⊘ denied' : row.errno === null ? '' : `errno ${row.errno}`}
      </span>
      <span className="event-line-bytes muted" role="gridcell">
        {row.bytes === null ? '' : `${bytesText(row.bytes.out)} out`}
      </span>
    </div>
  );
});

function TimeCell({ line, startMs }: EventLineProps) {
  const timeMs = msOf(line.row.timeNs);
  return (
    <span
      className={`event-line-time machine-font${line.isOlder ? ' event-line-older' : ''}`}
      role="gridcell"
    >
      {startMs === undefined ? clockText(timeMs) : sinceStart(timeMs, startMs)}
      {line.isOlder ? <span className="visually-hidden"> older than the row above</span> : null}
    </span>
  );
}

function What({ line, onTurn, hasTree }: EventLineProps) {
  const { row, branch, depth, inside, findings, times } = line;
  return (
    <span
      className="event-line-what"
      role="gridcell"
      style={{ paddingLeft: hasTree ? Math.min(depth, depthMax) * indentPx : 0 }}
    >
      {hasTree ? <Turn branch={branch} onTurn={() => onTurn(line)} /> : null}
      {row.finding === null ? null : (
        <SeverityChip severity={row.finding.severity} word={row.finding.detector} />
      )}
      {findings.map(({ finding }) =>
        finding === null ? null : (
          <SeverityChip key={finding.id} severity={finding.severity} word={finding.detector} />
        ),
      )}
      <span className="event-line-cut">
        <Machine charsMax={summaryCharsMax} speech={isSpeech(row)} text={row.summary} />
      </span>
      {times === 1 ? null : <strong className="event-line-times">×{countText(times)}</strong>}
      {branch === 'folded' ? (
        <span className="event-line-inside muted">{insideText(inside)}</span>
      ) : null}
      {branch === 'folded' && inside.worst !== undefined ? (
        <SeverityChip severity={inside.worst} word={`${inside.worst} finding`} />
      ) : null}
    </span>
  );
}

interface TurnProps {
  readonly branch: VisibleRow['branch'];
  readonly onTurn: () => void;
}

/** Opens and closes a branch by pointer; the keys are `h` and `l`. */
function Turn({ branch, onTurn }: TurnProps) {
  if (branch === 'none') return <span className="event-line-turn" />;
  return (
    <span
      aria-hidden="true"
      className="event-line-turn"
      onClick={(event) => {
        event.stopPropagation();
        onTurn();
      }}
    >
      {branch === 'open' ? '▼' : '▶'}
    </span>
  );
}

/** What agents say and what detectors conclude is prose; all else came from a machine. */
function isSpeech({ family }: VisibleRow['row']): boolean {
  return family === 'agent' || family === 'finding';
}

/** Colours of alarm belong to findings; containment is blue and a gap is hatched. */
function toneOf({ row, findings }: VisibleRow): string {
  const worst = worstOf(
    [row.finding, ...findings.map(({ finding }) => finding)].map((each) => each?.severity),
  );
  if (worst !== undefined) return `event-line-${worst}`;
  if (row.kind.startsWith('containment.')) return 'event-line-contained';
  return row.kind === 'collector.gap' ? 'hatched' : '';
}
