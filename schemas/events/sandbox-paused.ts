// The sandbox was frozen, by whom and why.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const SandboxPaused = event(
  'sandbox.paused',
  { by: text(64), reason: text(256) },
  { senders: ['host'], freeText: [] },
);
