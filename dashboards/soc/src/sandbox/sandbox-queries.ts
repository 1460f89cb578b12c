// What is asked of sandboxes.
import { NetworkView } from '@sandtrail/console/contract/network';
import { ProcessList } from '@sandtrail/console/contract/processes';
import { SandboxDetail, SandboxPage } from '@sandtrail/console/contract/sandboxes';
import { queryOptions } from '@tanstack/react-query';
import { type Query, read } from '../api/ask.ts';

const everyMs = 10_000;

/** The list. */
export function sandboxesQuery(query: Query) {
  return queryOptions({
    queryKey: ['sandboxes', 'list', query],
    queryFn: ({ signal }) => read('/sandboxes', { answer: SandboxPage, query, signal }),
    placeholderData: (before) => before,
    refetchInterval: everyMs,
  });
}

/** One life of a sandbox. */
export function sandboxQuery(uid: string, incarnation: number) {
  return queryOptions({
    queryKey: ['sandboxes', 'one', uid, incarnation],
    queryFn: ({ signal }) =>
      read(`/sandboxes/${uid}/${incarnation}`, { answer: SandboxDetail, signal }),
  });
}

/** Its processes. */
export function processesQuery(uid: string, incarnation: string) {
  return queryOptions({
    queryKey: ['processes', uid, incarnation],
    queryFn: ({ signal }) =>
      read(`/sandboxes/${uid}/${incarnation}/processes`, { answer: ProcessList, signal }),
    refetchInterval: everyMs,
  });
}

/** Where it talked to. */
export function networkQuery(uid: string, incarnation: string) {
  return queryOptions({
    queryKey: ['network', uid, incarnation],
    queryFn: ({ signal }) =>
      read(`/sandboxes/${uid}/${incarnation}/network`, { answer: NetworkView, signal }),
    refetchInterval: everyMs,
  });
}
