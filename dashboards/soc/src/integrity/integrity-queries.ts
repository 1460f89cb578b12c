// What is asked of the record's integrity.
import { IntegrityView } from '@sandtrail/console/contract/integrity';
import { queryOptions } from '@tanstack/react-query';
import { read } from '../api/ask.ts';

const everyMs = 5000;

/** Chains with what confirms them, and gaps. */
export const integrityQuery = queryOptions({
  queryKey: ['integrity'],
  queryFn: ({ signal }) => read('/integrity', { answer: IntegrityView, signal }),
  refetchInterval: everyMs,
});
