// A filter as people write it, in the terms of the store.
import type { EventFilter as StoreFilter } from '@sandtrail/store/store';
import type { EventFilter } from './admin-contract.ts';

/** Times become nanoseconds; what was not asked for stays absent. */
export function storeFilter(filter: EventFilter): StoreFilter {
  const { sandbox, kind, since, until, text, limit } = filter;
  return {
    limit,
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(kind === undefined ? {} : { kind }),
    ...(text === undefined ? {} : { text }),
    ...(since === undefined ? {} : { sinceNs: momentNs(since) }),
    ...(until === undefined ? {} : { untilNs: momentNs(until) }),
  };
}

function momentNs(moment: string): bigint {
  return BigInt(Date.parse(moment)) * 1_000_000n;
}
