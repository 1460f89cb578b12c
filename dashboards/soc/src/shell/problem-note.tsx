// A problem in words: what failed, what it was about, what to do, and whether it is asked again.
import type { Problem } from '@sandtrail/console/contract/problem';
import { plainText } from '../text/code-points.ts';
import './problem-note.css';

interface ProblemNoteProps {
  readonly problem: Problem;
  readonly retry?: () => unknown;
}

/** The note. It says what else works only as far as this page knows. */
export function ProblemNote({ problem, retry }: ProblemNoteProps) {
  const { title, remedy, code, detail, needs } = problem;
  return (
    <div className="problem-note" role="alert">
      <div>
        <strong>{plainText(title)}</strong> <span className="machine-font faint">{code}</span>
      </div>
      {needs === undefined ? null : (
        <div>
          It needs the right “{needs.right}”, which {needs.roles.join(', ')} have.
        </div>
      )}
      <div className="muted">{remedy}</div>
      {detail === '' ? null : <div className="machine-font faint">{plainText(detail)}</div>}
      {retry === undefined ? null : (
        <button className="button" onClick={() => retry()} type="button">
          Ask again
        </button>
      )}
    </div>
  );
}
