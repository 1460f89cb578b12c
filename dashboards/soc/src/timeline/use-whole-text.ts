// Text that rows cut off is looked for in the store: the whole body of every event.
import { EventPage } from '@sandtrail/console/contract/event-query';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { type Query, read } from '../api/ask.ts';
import { countText } from '../time/format-time.ts';
import { rowKey } from './row-key.ts';

const quietMs = 250;
const foundMax = 2000;
const nothing: ReadonlySet<string> = new Set();

/** The keys of rows in which the store found `text`, and words for what is not looked through. */
export function useWholeText(query: Query, text: string | undefined) {
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), quietMs);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, isFetching, error } = useQuery({
    queryKey: ['events', 'text', query, asked],
    enabled: asked !== undefined,
    queryFn: ({ signal }) =>
      read('/events', {
        answer: EventPage,
        query: { ...query, text: asked, limit: foundMax, edge: 'oldest' },
        signal,
      }),
  });
  const keys = useMemo(
    () => (data === undefined || asked === undefined ? nothing : new Set(data.rows.map(rowKey))),
    [data, asked],
  );
  return { keys, words: wordsOf() };

  function wordsOf(): string {
    if (text === undefined) return '';
    if (error !== null) return ' · whole texts were not searched';
    if (isFetching || asked !== text) return ' · searching whole texts…';
    if (data?.after == null) return '';
    return ` · in whole texts only the first ${countText(foundMax)} are found`;
  }
}
