// Waiting in words: what is loaded, for how long, and after ten seconds why that may be.
import { useEffect, useState } from 'react';
import { browserNowMs } from '../time/clock.ts';
import { spanText } from '../time/format-time.ts';
import { useNow } from '../time/use-now.ts';

interface WaitingProps {
  /** What is waited for: `the alerts`. */
  readonly what: string;
  readonly retry?: () => unknown;
}

const wordsAfterMs = 400;
const causeAfterMs = 10_000;

/** Nothing at first, then words, then a cause and a way out. */
export function Waiting({ what, retry }: WaitingProps) {
  const [sinceMs] = useState(browserNowMs);
  const [isSoon, setIsSoon] = useState(true);
  const spanMs = useNow(1000) - sinceMs;
  useEffect(() => {
    const timer = setTimeout(() => setIsSoon(false), wordsAfterMs);
    return () => clearTimeout(timer);
  }, []);
  if (isSoon) return <div data-asking />;
  return (
    <div className="page-note" data-asking role="status">
      <p>Loading {what}…</p>
      {spanMs < causeAfterMs ? null : (
        <>
          <p className="muted">
            No answer for {spanText(spanMs)}: the API or its store is slow. What was recorded does
            not depend on it.
          </p>
          {retry === undefined ? null : (
            <button className="button" onClick={() => retry()} type="button">
              Ask again
            </button>
          )}
        </>
      )}
    </div>
  );
}
