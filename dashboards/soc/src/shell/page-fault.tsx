// A page that failed to load or to draw, in words.
import { problemOf } from '../api/problem-error.ts';
import { Page } from './page.tsx';
import { ProblemNote } from './problem-note.tsx';

/** The note in place of the page. */
export function PageFault({
  error,
  reset,
}: {
  readonly error: unknown;
  readonly reset: () => void;
}) {
  return (
    <Page crumbs="A page that failed" title="Failed">
      <h1>This page failed</h1>
      <ProblemNote problem={problemOf(error)} retry={reset} />
    </Page>
  );
}
