// One HTTP request went through the egress proxy, or a tunnel was opened by CONNECT.

import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const NetworkHttp = event(
  'network.http',
  {
    method: text(32),
    host: text(255),
    port: z.int().min(1).max(65_535),
    /** Absent inside a tunnel: its content is not seen. */
    path: text(4096).optional(),
    status: Count.optional(),
    sni: text(255).optional(),
    address: text(64).optional(),
    headerNames: z.array(text(64)).max(64).optional(),
    bytesOut: Count,
    bytesIn: Count,
    durationMs: Count,
  },
  { senders: ['host'], freeText: ['path'] },
);
