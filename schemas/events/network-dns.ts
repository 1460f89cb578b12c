// The sandbox's resolver was asked a name; `verdict` says what it answered.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Count, text } from '../src/scalars.ts';

export const NetworkDns = event(
  'network.dns',
  {
    /** Lower-case, without the trailing dot; labels with bytes outside `[a-z0-9_-]` are escaped `\ddd`. */
    name: text(1024),
    type: text(16),
    verdict: z.enum(['answered', 'denied', 'refused', 'failed']),
    reason: text(128).optional(),
    /** Queries under this name's registered domain that came too fast to be told one by one. */
    repeats: Count.optional(),
    answers: z.array(text(64)).max(16),
  },
  { senders: ['host'], freeText: ['name'] },
);
