// The sandbox's first program runs.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const SandboxStarted = event(
  'sandbox.started',
  { pid: Count, argv: z.array(text(4096)).max(64) },
  { senders: ['host'], freeText: ['argv'] },
);
