// A person dealt with alerts: took them up, gave them to somebody, closed them with a verdict.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { Sha256Hex, text } from '../src/scalars.ts';

/** What can be done with an alert. `comment` changes nothing but the record. */
export const AlertAct = z.enum(['acknowledge', 'assign', 'close', 'reopen', 'comment']);
export type AlertAct = z.infer<typeof AlertAct>;

/** What an alert turned out to be. */
export const AlertVerdict = z.enum(['true_positive', 'benign', 'false_positive', 'duplicate']);
export type AlertVerdict = z.infer<typeof AlertVerdict>;

export const ControlAlert = event(
  'control.alert',
  {
    actor: text(128),
    act: AlertAct,
    /** The findings, by their ids: one act may be about many. */
    findings: z.array(Sha256Hex).min(1).max(200),
    /** Set by `assign`: who has it from now on. */
    owner: text(128).optional(),
    /** Set by `close`. */
    verdict: AlertVerdict.optional(),
    reason: text(512),
  },
  { senders: ['gateway'], freeText: [] },
);
