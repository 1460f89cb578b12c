// Keys of a component: answered while it is shown.
import { useEffect, useRef } from 'react';
import { answerKeys, type KeyActs } from './key-hub.ts';

/** Answers keys with `acts` as they stand at the latest render. */
export function useKeys(acts: KeyActs): void {
  const latest = useRef(acts);
  // The stack holds the ref itself, so a render changes what a key does and not who is asked.
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => answerKeys(latest), []);
}
