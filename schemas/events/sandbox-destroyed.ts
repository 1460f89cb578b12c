// The sandbox is gone: how it ended, and the last sequence number of each stream about it.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text, Uint64 } from '../src/scalars.ts';
import { StreamId } from '../src/stream.ts';

export const SandboxDestroyed = event(
  'sandbox.destroyed',
  {
    exitCode: Count.optional(),
    signal: text(16).optional(),
    reason: z.enum(['exited', 'signalled', 'timeout', 'contained', 'orphaned', 'failed']),
    /** Tasks that the kernel killed because the sandbox had used up its memory. */
    oomKills: Count.optional(),
    streams: z.array(z.strictObject({ stream: StreamId, lastSeq: Uint64 })).max(16),
  },
  { senders: ['host'], freeText: [] },
);
