// A process changed its user or group: setuid(2), setresgid(2) and their kin.
import { event } from '../src/body.ts';
import { Count } from '../src/scalars.ts';

export const ProcessCredentials = event(
  'process.credentials',
  {
    realUid: Count.optional(),
    effectiveUid: Count.optional(),
    realGid: Count.optional(),
    effectiveGid: Count.optional(),
  },
  { senders: ['host'], freeText: [] },
);
