// A piece of a command's output, redacted; text past the bound is counted and only hashed at the end.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, Sha256Hex, text } from '../src/scalars.ts';

export const CommandOutput = event(
  'command.output',
  {
    channel: z.enum(['stdout', 'stderr', 'terminal']),
    /** Where this piece begins in the channel, in bytes. */
    startByte: Count,
    sizeBytes: Count,
    text: text(65_536),
    /** On the channel's last piece: the hash of all its bytes. */
    sha256: Sha256Hex.optional(),
    omittedBytes: Count.optional(),
  },
  { senders: ['host', 'sandbox'], freeText: ['text'] },
);
