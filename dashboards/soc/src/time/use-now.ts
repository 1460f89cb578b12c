// The time now, as a value that a component follows.
import { useEffect, useState } from 'react';
import { browserNowMs } from './clock.ts';

/** The time in milliseconds, told anew every `everyMs`. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(browserNowMs);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(browserNowMs()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
