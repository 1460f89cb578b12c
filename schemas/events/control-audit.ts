// Somebody used Sandtrail: a query, an export, a change of configuration, an approval, a failed login.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ControlAudit = event(
  'control.audit',
  {
    actor: text(128),
    act: text(64),
    detail: text(2048),
    outcome: z.enum(['done', 'refused', 'failed']),
  },
  { senders: ['gateway', 'responder'], freeText: [] },
);
