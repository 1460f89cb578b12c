// All events of one life of a sandbox, page by page up to a bound, and what came since, held back.
import { EventPage } from '@sandtrail/console/contract/event-query';
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { type Query, read } from '../api/ask.ts';
import { useFeedRows, useFollowed } from '../live/feed-context.ts';
import { rowKey } from './row-key.ts';

const pageRows = 5000;
/** Beyond it a person goes on by hand: rows cost memory, and a page must stay quick. */
const rowsMax = 100_000;
const firstRows = 1000;

/** The rows of a sandbox as far as they are here. */
export interface EventPages {
  readonly rows: readonly EventRow[];
  /** How many there are in all, when the first page was asked for; undefined until it is known. */
  readonly total: number | undefined;
  readonly isLoading: boolean;
  readonly isBounded: boolean;
  /** Rows that came since and are not shown: nothing moves under the pointer. */
  readonly fresh: number;
  readonly showFresh: () => void;
  readonly query: ReturnType<typeof usePages>;
}

/** Loads what `asked` and `range` name, oldest first, and follows what comes after. */
export function useEventPages(asked: Query, range: Query): EventPages {
  const pages = usePages({ ...asked, ...range });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isError } = pages;
  const stored = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  const isBounded = hasNextPage && stored.length >= rowsMax;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError && !isBounded) fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, isBounded, fetchNextPage]);
  const isWhole = data !== undefined && !hasNextPage;
  const fresh = useFresh(asked, isWhole && range['untilNs'] === undefined);
  const rows = useMemo(() => joined(stored, fresh.shown), [stored, fresh.shown]);
  const totals = data?.pages[0]?.totals;
  const total = totals?.isExact === true ? totals.rows : undefined;
  return {
    ...{ rows, isBounded, query: pages },
    total: total === undefined ? undefined : Math.max(total, rows.length),
    isLoading: !isWhole && !isBounded,
    fresh: fresh.waiting.length,
    showFresh: fresh.show,
  };
}

function usePages(query: Query) {
  return useInfiniteQuery({
    queryKey: ['events', query],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read('/events', {
        answer: EventPage,
        signal,
        query: {
          ...query,
          edge: 'oldest',
          after: pageParam,
          // The first rows are soon there; the rest comes in large pages, without counting again.
          limit: pageParam === '' ? firstRows : pageRows,
          totals: pageParam === '' ? 'exact' : 'none',
        },
      }),
    getNextPageParam: (page) => page.after,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Rows of the feed since the page was asked for: waiting until a person wants them. */
function useFresh(query: Query, isWhole: boolean) {
  const [waiting, setWaiting] = useState<readonly EventRow[]>([]);
  const [shown, setShown] = useState<readonly EventRow[]>([]);
  const [seen] = useState(() => new Set<string>());
  useFollowed(query);
  useFeedRows((rows) => {
    const added = rows.filter((row) => {
      const key = rowKey(row);
      return seen.has(key) ? false : seen.add(key);
    });
    if (added.length > 0) setWaiting((before) => before.concat(added).slice(-rowsMax));
  });
  const show = () => {
    setShown((before) => before.concat(waiting).slice(-rowsMax));
    setWaiting([]);
  };
  return { waiting: isWhole ? waiting : [], shown, show };
}

function joined(stored: readonly EventRow[], fresh: readonly EventRow[]): readonly EventRow[] {
  if (fresh.length === 0) return stored;
  const known = new Set(stored.map(rowKey));
  return stored.concat(fresh.filter((row) => !known.has(rowKey(row))));
}
