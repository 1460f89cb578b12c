// A declared field of the policy that cannot be enforced or observed here, and why.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const SandboxUnenforced = event(
  'sandbox.unenforced',
  { field: text(128), reason: text(512) },
  { senders: ['host'], freeText: [] },
);
