// What is asked of alerts, and the acts on them.
import { AlertDetail, AlertPage, type AlertRequest } from '@sandtrail/console/contract/alerts';
import { Receipt } from '@sandtrail/console/contract/receipt';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { act, type Query, read } from '../api/ask.ts';

const countEveryMs = 10_000;

/** How many alerts are open, for the sidebar. */
export const alertCountQuery = queryOptions({
  queryKey: ['alerts', 'count'],
  queryFn: ({ signal }) => read('/alerts', { answer: AlertPage, query: { limit: 1 }, signal }),
  refetchInterval: countEveryMs,
});

/** A page of the queue. */
export function alertsQuery(query: Query) {
  return queryOptions({
    queryKey: ['alerts', 'list', query],
    queryFn: ({ signal }) => read('/alerts', { answer: AlertPage, query, signal }),
    placeholderData: (before) => before,
  });
}

/** One alert with its history. */
export function alertQuery(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) => read(`/alerts/${id}`, { answer: AlertDetail, signal }),
  });
}

/** Acts on one alert or many: one request, one receipt. What is shown follows the record. */
export function useAlertAct() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (request: AlertRequest) => act('/alerts/acts', { answer: Receipt, body: request }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  });
}
