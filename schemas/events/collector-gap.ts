// Records were lost before the kit could number them: how many, where, and between which times.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text, Uint64, UnixNs } from '../src/scalars.ts';

export const CollectorGap = event(
  'collector.gap',
  {
    source: text(64),
    /** How many were lost; 0 means that it is not known how many. */
    count: Uint64,
    firstNs: UnixNs,
    lastNs: UnixNs,
    scope: z.enum(['sandbox', 'host']),
    reason: z.enum([
      'ring_full',
      'spool_full',
      'collector_died',
      'oversize',
      'malformed',
      'restart',
      'rate_limit',
    ]),
  },
  { senders: ['host', 'gateway'], freeText: [] },
);
