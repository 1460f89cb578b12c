// A socket was connected, or sent to without connecting: connect(2), sendto(2).
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const NetworkConnect = event(
  'network.connect',
  {
    family: z.enum(['inet', 'inet6', 'unix', 'netlink', 'packet', 'vsock', 'other']),
    /** Numeric address, socket path, or empty where the kernel gave none. */
    address: text(4096),
    port: z.int().min(0).max(65_535).optional(),
    errno: Count.optional(),
  },
  { senders: ['host'], freeText: ['address'] },
);
