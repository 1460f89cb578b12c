// A socket was bound to an address and may take connections: bind(2), listen(2).
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const NetworkListen = event(
  'network.listen',
  {
    family: z.enum(['inet', 'inet6', 'unix', 'netlink', 'packet', 'vsock', 'other']),
    address: text(4096),
    port: z.int().min(0).max(65_535).optional(),
    errno: Count.optional(),
  },
  { senders: ['host'], freeText: [] },
);
