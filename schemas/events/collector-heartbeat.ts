// A signed statement about a stream: every body up to `upToSeq`, and how many were lost before the kit.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Sha256Hex, Uint64 } from '../src/scalars.ts';

export const CollectorHeartbeat = event(
  'collector.heartbeat',
  {
    /** The last sequence number that the run hash covers: the one before this record. */
    upToSeq: Uint64,
    /** h = SHA-256(h ‖ SHA-256(body)) over the stream, from 32 zero bytes. */
    runHash: Sha256Hex,
    /** Records that the source produced: `emitted + dropped`. */
    seen: Uint64,
    dropped: Uint64,
    /** Ed25519 over `sandtrail-heartbeat-v1\n<stream>\n<upToSeq>\n<runHash>\n<seen>\n<dropped>\n`. */
    signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  },
  { senders: ['host', 'gateway'], freeText: [] },
);
