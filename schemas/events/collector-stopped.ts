// A collector's stream closes in order; nothing of it may follow.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';
import { CollectorHeartbeat } from './collector-heartbeat.ts';

const { upToSeq, runHash, seen, dropped, signature } = CollectorHeartbeat.shape;

export const CollectorStopped = event(
  'collector.stopped',
  { reason: text(128), upToSeq, runHash, seen, dropped, signature },
  { senders: ['host', 'gateway'], freeText: [] },
);
