// The gateway refused records: why, how many, and what was claimed outside the sender's grant.
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const ControlRefused = event(
  'control.refused',
  {
    code: text(64),
    count: Count,
    claimedSandbox: text(128).optional(),
    claimedKind: text(64).optional(),
  },
  { senders: ['gateway'], freeText: [] },
);
