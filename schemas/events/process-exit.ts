// A process ended: its exit code, or the signal that ended it.
import { event } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const ProcessExit = event(
  'process.exit',
  { code: Count.optional(), signal: Count.optional() },
  { senders: ['host'], freeText: [] },
);
