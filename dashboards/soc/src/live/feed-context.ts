// The feed of the console as components follow it.
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import type { Query } from '../api/ask.ts';
import { type FeedState, LiveFeed } from './live-feed.ts';

/** The one feed. */
export const FeedContext = createContext(new LiveFeed());

/** How the feed stands, followed. */
export function useFeedState(): FeedState {
  const feed = useContext(FeedContext);
  return useSyncExternalStore(feed.onState, feed.state);
}

/** What the shell follows where a page follows nothing of its own: what asks for somebody. */
export const attentionQuery: Query = { kinds: 'finding,containment.,control.alert,sandbox.' };

/** Follows `query` while the component is shown, then what the shell follows. */
export function useFollowed(query: Query, after?: string | null): void {
  const feed = useContext(FeedContext);
  const key = JSON.stringify([query, after]);
  const latest = useRef({ query, after });
  latest.current = { query, after };
  useEffect(() => {
    if (latest.current.after === null) return;
    feed.follow(latest.current.query, latest.current.after);
    return () => feed.follow(attentionQuery);
  }, [feed, key]);
}

/** Hands the rows of each frame to `take` while the component is shown. */
export function useFeedRows(take: (rows: readonly EventRow[]) => void): void {
  const feed = useContext(FeedContext);
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => feed.onRows((rows) => latest.current(rows)), [feed]);
}
