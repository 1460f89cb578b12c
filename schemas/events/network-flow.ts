// A connection through the egress proxy ended: bytes both ways and how long it lived.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const NetworkFlow = event(
  'network.flow',
  {
    host: text(255),
    port: z.int().min(0).max(65_535),
    address: text(64).optional(),
    bytesOut: Count,
    bytesIn: Count,
    durationMs: Count,
    ended: z.enum(['closed', 'error', 'contained', 'timeout']),
  },
  { senders: ['host'], freeText: [] },
);
