// Offset 0 of every partition: random bytes that make the chain's identity unique.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const ControlGenesis = event(
  'control.genesis',
  { log: text(64), topic: text(64), partition: Count, random: z.string().regex(/^[0-9a-f]{32}$/) },
  { senders: ['gateway'], freeText: [] },
);
