// The sandbox was killed, by whom and why.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const SandboxKilled = event(
  'sandbox.killed',
  { by: text(64), reason: text(256) },
  { senders: ['host'], freeText: [] },
);
