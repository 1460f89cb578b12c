// A process or thread group was created: fork(2), clone(2).
import { event } from '../src/body.ts';
import { Count, Uint64 } from '../src/scalars.ts';

export const ProcessFork = event(
  'process.fork',
  { childPid: Count, childStartNs: Uint64.optional() },
  { senders: ['host'], freeText: [] },
);
