// The sandbox was thawed, by whom and why.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const SandboxResumed = event(
  'sandbox.resumed',
  { by: text(64), reason: text(256) },
  { senders: ['host'], freeText: [] },
);
