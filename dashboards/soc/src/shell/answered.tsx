// A query's answer, or the words for its absence.
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { problemOf } from '../api/problem-error.ts';
import { agoText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';
import { ProblemNote } from './problem-note.tsx';
import { Waiting } from './waiting.tsx';

interface AnsweredProps<T> {
  readonly query: UseQueryResult<T>;
  /** What is asked for: `the alerts`. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** Shows the answer; while there is none, why. An old answer stays, with its age. */
export function Answered<T>({ query, what, children }: AnsweredProps<T>) {
  const nowMs = useNow(1000);
  if (query.data === undefined) {
    // A failure is told at once, also while it is asked again by itself.
    const failure = query.error ?? query.failureReason;
    if (failure === null) return <Waiting retry={query.refetch} what={what} />;
    return <ProblemNote problem={problemOf(failure)} retry={query.refetch} />;
  }
  return (
    <>
      {query.error === null ? null : (
        <div>
          <ProblemNote problem={problemOf(query.error)} retry={query.refetch} />
          <p className="muted">
            What is shown was asked for {agoText(query.dataUpdatedAt, nowMs)}.
          </p>
        </div>
      )}
      {children(query.data)}
    </>
  );
}
