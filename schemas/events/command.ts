// A command that a shell or an agent framework was asked to run: at its start and at its end.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const Command = event(
  'command',
  {
    phase: z.enum(['started', 'finished']),
    argv: z.array(text(4096)).max(64),
    exitCode: Count.optional(),
    signal: text(16).optional(),
    durationMs: Count.optional(),
    stdoutBytes: Count.optional(),
    stderrBytes: Count.optional(),
  },
  { senders: ['host', 'sandbox'], freeText: ['argv'] },
);
