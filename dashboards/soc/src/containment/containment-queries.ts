// What is asked of containment, and the acts of people.
import {
  ContainmentItem,
  ContainmentView,
  type ContainRequest,
  type DecisionRequest,
  type ReleaseRequest,
} from '@sandtrail/console/contract/containment';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import type * as z from 'zod';
import { act, read } from '../api/ask.ts';

const everyMs = 5000;

/** Standings, waiting requests and recent ones. */
export const containmentQuery = queryOptions({
  queryKey: ['containment'],
  queryFn: ({ signal }) => read('/containment', { answer: ContainmentView, signal }),
  refetchInterval: everyMs,
});

/** An act of a person, by its route. */
export type ContainmentAct =
  | { readonly route: 'contain'; readonly body: z.input<typeof ContainRequest> }
  | { readonly route: 'approve' | 'deny'; readonly body: DecisionRequest }
  | { readonly route: 'release'; readonly body: z.input<typeof ReleaseRequest> };

/** Acts; nothing is shown as contained before the answer with its proof is here. */
export function useContainmentAct() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ route, body }: ContainmentAct) =>
      act(`/containment/${route}`, { answer: ContainmentItem, body }),
    onSettled: () =>
      Promise.all(
        ['containment', 'sandboxes'].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      ),
  });
}
